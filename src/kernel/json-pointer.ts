/** A key as one reference token of a JSON Pointer (RFC 6901 §3). */
export const pointerToken = (key: string): string =>
  key.replaceAll('~', '~0').replaceAll('/', '~1');
