const MIN_BYTES = 32;

/** Values that stand in documentation, examples and other projects' defaults. */
const KNOWN = new Set([
  'admin',
  'changeme',
  'changeme123',
  'default',
  'mcpgateway',
  'my-test-key',
  'my-test-key-but-now-longer-than-32-bytes',
  'my-test-salt',
  'passw0rd',
  'password',
  'secret',
  'test',
]);

/** Whether anyone would guess the value: an example's, or one character repeated. */
export function isKnownSecret(value: string): boolean {
  return KNOWN.has(value.toLowerCase()) || /^(.)\1*$/su.test(value);
}

/** What makes a key weak, or `undefined`: fewer than 32 bytes, or well known. */
export function weaknessOf(key: string): string | undefined {
  if (isKnownSecret(key)) return 'is a well-known value';
  if (Buffer.byteLength(key) < MIN_BYTES) return `is shorter than ${String(MIN_BYTES)} bytes`;
  return undefined;
}
