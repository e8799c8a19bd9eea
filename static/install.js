// Without it the site is the same; with it a page that cannot be fetched says that you are offline. Who chooses another
// language has another address here, so the page is kept anew in theirs.
navigator.serviceWorker?.register(`/service-worker.js?${document.documentElement.lang}`).catch(() => {});

// Who logs out is notified here no longer: the next one at this browser would read it. Their push service tells the site.
addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-logs-out]") || window.Notification?.permission !== "granted") return;
  event.preventDefault();
  const end = async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    await (await registration?.pushManager?.getSubscription())?.unsubscribe();
  };
  const soon = new Promise((resolve) => setTimeout(resolve, 2000)); // logging out waits for nothing for long
  await Promise.race([end().catch(() => {}), soon]);
  form.submit();
});
