// Has this browser show our notifications: asks for leave, and sends where it is reached as a form. What it says of
// itself stands in the page; this shows the sentence that holds.
(() => {
  const form = document.querySelector("form[data-push-key]");
  if (!form) return;
  const button = form.querySelector("button");

  function say(state) {
    for (const text of document.querySelectorAll("[data-push-says]")) text.hidden = text.dataset.pushSays !== state;
    form.hidden = !["ready", "dismissed", "failed"].includes(state);
  }

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));

  async function digest(text) {
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async function subscribe() {
    const registration = await navigator.serviceWorker.register(`/service-worker.js?${document.documentElement.lang}`);
    await navigator.serviceWorker.ready;
    const options = { userVisibleOnly: true, applicationServerKey: bytes(form.dataset.pushKey) };
    try {
      return await registration.pushManager.subscribe(options);
    } catch (error) {
      if (error.name !== "InvalidStateError") throw error;
      // By a key that the site had before.
      await (await registration.pushManager.getSubscription())?.unsubscribe();
      return registration.pushManager.subscribe(options);
    }
  }

  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const permission = await Notification.requestPermission();
      if (permission !== "granted") {
        say(permission === "denied" ? "denied" : "dismissed");
        return;
      }
      const { endpoint, keys } = (await subscribe()).toJSON();
      for (const [name, value] of Object.entries({ endpoint, p256dh: keys.p256dh, auth: keys.auth })) {
        form.elements[name].value = value;
      }
      form.submit();
    } catch {
      say("failed");
    } finally {
      button.disabled = false;
    }
  });

  async function begin() {
    if (!navigator.serviceWorker || !window.PushManager || !window.Notification) {
      // Safari on a phone shows notifications of what is on the home screen alone.
      say("standalone" in navigator && !navigator.standalone ? "home-screen" : "unsupported");
      return;
    }
    if (Notification.permission === "denied") {
      say("denied");
      return;
    }
    const registration = await navigator.serviceWorker.getRegistration();
    const subscription = await registration?.pushManager.getSubscription();
    const row = subscription && document.querySelector(`[data-device="${await digest(subscription.endpoint)}"]`);
    // One that isn't on the list was removed there, or is of who used this browser before: it shows nothing here.
    if (!row) await subscription?.unsubscribe();
    say("ready");
    if (!row) return;
    row.querySelector("[data-this-device]").hidden = false;
    // One of a key that the site had before is to be added again.
    form.hidden = !row.hasAttribute("data-outdated");
  }
  begin().catch(() => say("ready"));
})();
