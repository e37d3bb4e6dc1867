import { isJsonMediaType } from './media-type.js';

describe('isJsonMediaType', () => {
  it.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json; profile=x',
  ])('accepts %s', (header) => {
    expect(isJsonMediaType(header)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'text/plain',
    'application/json, text/plain',
    'application/json;x=',
    'application/json;',
    'application/json; charset=latin1',
    'application/json; charset=utf-16',
    'application/jsonp',
    'application/x-www-form-urlencoded',
  ])('refuses %s', (header) => {
    expect(isJsonMediaType(header)).toBe(false);
  });
});
