// Keeps one page: the one that says you are offline. Pages of people are never kept.
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
