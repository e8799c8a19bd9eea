// Without it the site is the same; with it a page that cannot be fetched says that you are offline.
navigator.serviceWorker?.register("/service-worker.js").catch(() => {});
