import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';

const FORMAT = 1;
const KEY_ID_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES;

/** One secret of the ring and the keys derived from it, one per label. */
class KeySource {
  readonly id: Buffer;
  private readonly keys = new Map<string, Buffer>();

  constructor(private readonly secret: string) {
    this.id = this.derive('key-id').subarray(0, KEY_ID_BYTES);
  }

  of(label: string): Buffer {
    const known = this.keys.get(label);
    if (known) return known;
    const key = this.derive(`seal:${label}`);
    this.keys.set(label, key);
    return key;
  }

  private derive(info: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.secret, '', `mcpgateway:${info}`, 32));
  }
}

/**
 * Seals texts with AES-256-GCM: nobody without the key can read or make one. Format, base64url:
 * version, key id (4 bytes), nonce (12), text, tag (16). Labels are ours, a handful: `session`,
 * `cursor`, `credential`; a text sealed under one cannot be opened under another.
 */
@Injectable()
export class Sealer {
  private readonly ring: readonly KeySource[];
  private readonly current: KeySource;

  /** @throws Error when the secrets have not been resolved: there is no plain fallback */
  constructor(config: Config) {
    this.ring = config.authEncryptionSecret.map((secret) => new KeySource(secret));
    const [current] = this.ring;
    if (!current) throw new Error('no encryption secret: resolveSecrets must run first');
    this.current = current;
  }

  /** @param aad what the text belongs to (table, row, column): it opens only with the same */
  seal(label: string, plain: string, aad = ''): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.current.of(label), iv);
    cipher.setAAD(Buffer.from(aad));
    const body = cipher.update(plain, 'utf8');
    const rest = cipher.final();
    const head = Buffer.concat([Buffer.from([FORMAT]), this.current.id]);
    return Buffer.concat([head, iv, body, rest, cipher.getAuthTag()]).toString('base64url');
  }

  /** The text, or `undefined` whatever is wrong: form, key, label, aad, a changed byte. */
  open(label: string, sealed: string, aad = ''): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < HEAD_BYTES + IV_BYTES + TAG_BYTES || bytes[0] !== FORMAT) return undefined;
    // Node skips what is not base64 and bits left over: only the very text that was made is taken.
    if (bytes.toString('base64url') !== sealed) return undefined;
    const id = bytes.subarray(1, HEAD_BYTES);
    const source = this.ring.find((candidate) => candidate.id.equals(id));
    if (!source) return undefined;
    const iv = bytes.subarray(HEAD_BYTES, HEAD_BYTES + IV_BYTES);
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv('aes-256-gcm', source.of(label), iv, options);
    decipher.setAAD(Buffer.from(aad));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const plain = decipher.update(bytes.subarray(HEAD_BYTES + IV_BYTES, -TAG_BYTES));
      return Buffer.concat([plain, decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }

  /** Whether a sealed text was made with a key that is being rotated out. */
  isStale(sealed: string): boolean {
    const id = Buffer.from(sealed, 'base64url').subarray(1, HEAD_BYTES);
    return !id.equals(this.current.id);
  }
}
