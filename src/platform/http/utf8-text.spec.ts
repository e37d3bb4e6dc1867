import { utf8Text } from './utf8-text.js';

describe('utf8Text', () => {
  it.each(['', 'plain', 'Grüße, 漢字 🎉', '\u0000\u007f'])('reads %j', (text) => {
    expect(utf8Text(Buffer.from(text))).toBe(text);
  });

  it.each([[[0xff]], [[0x61, 0xc3]], [[0xed, 0xa0, 0x80]]])('refuses %j', (bytes) => {
    expect(utf8Text(Buffer.from(bytes))).toBeNull();
  });
});
