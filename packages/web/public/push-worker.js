// Shows what is pushed to this browser, also while the page is closed.

self.addEventListener('push', (event) => event.waitUntil(show(event.data)));
self.addEventListener('notificationclick', (event) => event.waitUntil(open(event.notification)));

/** A message of the kind `background` shows nothing by itself; it never came to a browser without being asked for. */
async function show(data) {
  const { kind, title, body = '', tag, data: about = {}, notification_id } = read(data);
  if (kind === 'background' || (title === undefined && body === '')) return;
  const rings = kind === 'voip';
  await self.registration.showNotification(title ?? body, {
    ...(title === undefined ? {} : { body }),
    tag: tag ?? notification_id,
    renotify: rings,
    requireInteraction: rings,
    data: about,
    icon: '/favicon.svg',
  });
}

/** Leads to what it is about: in a page that is open, or in a new one. The page knows where that is. */
async function open(notification) {
  notification.close();
  const about = JSON.stringify(notification.data ?? {});
  const [page] = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (page === undefined) await self.clients.openWindow(`/#notification=${encodeURIComponent(about)}`);
  else {
    await page.focus();
    page.postMessage({ type: 'notification', about });
  }
}

function read(data) {
  try {
    return data?.json() ?? {};
  } catch {
    return {}; // Not from our server.
  }
}
