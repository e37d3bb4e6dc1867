import { parseAccept } from './accept.js';

describe('parseAccept', () => {
  it.each([
    [undefined, true, true],
    ['*/*', true, true],
    ['application/json, text/event-stream', true, true],
    ['application/json', true, false],
    ['text/event-stream', false, true],
    ['Application/JSON;q=0.5', true, false],
    ['application/json;q=0, text/event-stream', false, true],
    ['text/html', false, false],
    ['application/*', true, false],
    ['', false, false],
  ])('reads %j', (header, json, stream) => {
    expect(parseAccept(header)).toEqual({ json, stream });
  });
});
