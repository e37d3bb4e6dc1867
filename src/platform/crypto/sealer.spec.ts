import { loadConfig } from '../../config/load-config.js';
import { Sealer } from './sealer.js';

const OLD = 'k7Qm2ZrV9xLw4TyB8nHs6JdF1pGc3EaU';
const NEW = 'Zw3Xc5Vb7Nm9Qa1Ws2Ed4Rf6Tg8Yh0Uj';
const sealerOf = (secrets: string): Sealer =>
  new Sealer(loadConfig({ AUTH_ENCRYPTION_SECRET: secrets }, { cwd: __dirname }));
const sealer = sealerOf(OLD);

it('opens what it sealed, never seals alike', () => {
  const first = sealer.seal('session', 'grüße', 'row/1');
  expect(first).toMatch(/^[\w-]+$/);
  expect(sealer.open('session', first, 'row/1')).toBe('grüße');
  expect(sealer.seal('session', 'grüße', 'row/1')).not.toBe(first);
  expect(sealer.open('session', sealer.seal('session', ''))).toBe('');
});

it('opens nothing under another label, row or key', () => {
  const sealed = sealer.seal('session', 'x', 'row/1');
  expect(sealer.open('cursor', sealed, 'row/1')).toBeUndefined();
  expect(sealer.open('session', sealed, 'row/2')).toBeUndefined();
  expect(sealerOf(NEW).open('session', sealed, 'row/1')).toBeUndefined();
});

it('notices every changed byte', () => {
  const bytes = Buffer.from(sealer.seal('session', 'secret'), 'base64url');
  for (const index of bytes.keys()) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
    expect(sealer.open('session', changed.toString('base64url'))).toBeUndefined();
  }
});

it.each(['', 'x', 'AQ', '!!!!', 'A'.repeat(200), ' '.repeat(80)])(
  'answers undefined to %j',
  (text) => {
    expect(sealer.open('session', text)).toBeUndefined();
  },
);

it('does not accept a sealed text with ornaments', () => {
  expect(sealer.open('session', `${sealer.seal('session', 'x')}!!!!`)).toBeUndefined();
});

it('seals with the first key and opens with all while rotating', () => {
  const before = sealer.seal('session', 'x');
  const rotating = sealerOf(`${NEW},${OLD}`);
  expect(rotating.open('session', before)).toBe('x');
  expect(rotating.isStale(before)).toBe(true);
  const after = rotating.seal('session', 'y');
  expect(rotating.isStale(after)).toBe(false);
  expect(sealerOf(NEW).open('session', after)).toBe('y');
  expect(sealer.open('session', after)).toBeUndefined();
});

it('refuses to exist without a key', () => {
  expect(() => sealerOf('')).toThrow('resolveSecrets');
});
