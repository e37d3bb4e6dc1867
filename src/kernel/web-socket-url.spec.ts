import { openingUrl } from './web-socket-url.js';

it.each([
  ['ws://a.test/x?y=1', 'http://a.test/x?y=1'],
  ['wss://a.test:8443/ws', 'https://a.test:8443/ws'],
  ['http://a.test/ws', 'http://a.test/ws'],
  ['wss://a.test', 'https://a.test/'],
])('opens %s by %s', (given, opened) => {
  expect(openingUrl(new URL(given)).href).toBe(opened);
});
