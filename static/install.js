// Without it the site is the same; with it a page that cannot be fetched says that you are offline. Who chooses another
// language has another address here, so the page is kept anew in theirs.
navigator.serviceWorker?.register(`/service-worker.js?${document.documentElement.lang}`).catch(() => {});
