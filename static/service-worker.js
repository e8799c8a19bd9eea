// Keeps one page: the one that says you are offline. Pages of people are never kept. Shows notifications, too.
const KEPT = "offline-1";
const OFFLINE = "/offline/";

async function keep() {
  const cache = await caches.open(KEPT);
  const page = await fetch(OFFLINE, { cache: "no-store" });
  if (!page.ok) throw new Error(`${OFFLINE} answers ${page.status}`);
  // Its files have other names after an upgrade.
  const files = [...(await page.clone().text()).matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map((found) => found[1]);
  await cache.addAll([...new Set(files)]); // it refuses all where one is named twice, as the mark is
  await cache.put(OFFLINE, page);
}

addEventListener("install", (event) => event.waitUntil(keep().then(() => skipWaiting())));

addEventListener("activate", (event) => {
  const others = (names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)));
  // The page is fetched while this program starts, so that nothing is slower for it.
  event.waitUntil(Promise.all([caches.keys().then(others), registration.navigationPreload?.enable(), clients.claim()]));
});

addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate") return;
  const page = async () => (await event.preloadResponse) || fetch(event.request);
  event.respondWith(page().catch(async () => (await caches.match(OFFLINE)) || Response.error()));
});

// The offline page's own files, which only it asks for without a connection.
addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate" || navigator.onLine) return;
  if (new URL(event.request.url).pathname.startsWith("/static/")) {
    event.respondWith(caches.match(event.request).then((file) => file || fetch(event.request)));
  }
});

// --- Notifications -------------------------------------------------------------------------------------------

async function show({ title, body, url, tag, id, silent }) {
  // An attempt made once more replaces the first without a sound; a later reminder of a game is heard.
  const isRepeat = (await registration.getNotifications({ tag })).some((one) => one.data?.id === id);
  const icon = "/static/icons/icon-192.png";
  await registration.showNotification(title, {
    body, tag, icon, silent, renotify: !isRepeat && !silent, data: { url, id },
  });
}

async function openPage(url) {
  const target = new URL(url, location.origin);
  if (target.origin !== location.origin) return;
  const pages = await clients.matchAll({ type: "window" });
  const page = pages.find((one) => new URL(one.url).pathname === target.pathname);
  const there = page && (await page.navigate(target.href).catch(() => null));
  await (there ? there.focus() : clients.openWindow(target.href));
}

addEventListener("push", (event) => {
  if (event.data) event.waitUntil(show(event.data.json()));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openPage(event.notification.data.url));
});
