import { createHash } from 'node:crypto';
import { uuidText } from './ids.js';

/** Names of the catalog (API.md §1.6). Pure: the same input gives the same name on every replica. */

export const MAX_NAME_LENGTH = 128;
/** Longer names are accepted with a warning: some clients cut or refuse them. */
export const LONG_NAME_LENGTH = 64;

/** Visible ASCII without spaces: no look-alikes of other scripts, nothing invisible (SECURITY.md S52). */
const UPSTREAM_TOOL_NAME = /^[\x21-\x7e]{1,128}$/;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Whether a tool that an upstream calls so is taken in; else it alone is left out. */
export function isUpstreamToolName(text: string): boolean {
  return UPSTREAM_TOOL_NAME.test(text);
}

/** Whether a free name (gateway, server, prompt) is fit to be shown: 1–255, nothing invisible, no `<` `>`. */
export function isDisplayName(text: string): boolean {
  return text.length >= 1 && text.length <= 255 && !INVISIBLE.test(text) && !/[<>]/.test(text);
}

/**
 * NFKD, accents removed, lower case, apostrophes dropped, every run outside `a-z0-9` becomes the
 * separator, trimmed. May be empty.
 */
export function slugify(text: string, separator: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/['’`]/g, '')
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '')
    .join(separator);
}

/** The prefixed form: slug of the Gateway, separator, slug of the item; at most 128 characters. */
export function exposedName(gatewaySlug: string, original: string, separator: string): string {
  const slug = slugify(original, separator);
  return cutName(gatewaySlug + separator + (slug === '' ? shortHash(original) : slug));
}

/** The original form: the upstream's name, characters that a name cannot have replaced by `_`. */
export function originalForm(original: string): string {
  return cutName(original.replace(/[^A-Za-z0-9_.-]/g, '_'));
}

/** Names over 128 characters: the first 119, `-` and 8 hex of the SHA-256 of the full name. */
export function cutName(full: string): string {
  return full.length <= MAX_NAME_LENGTH ? full : `${full.slice(0, 119)}-${shortHash(full)}`;
}

/** The name of a discovered newcomer whose name is taken: it gets a suffix of its own, the old one keeps its name. */
export function collisionName(name: string, gatewayId: string, original: string): string {
  return `${name.slice(0, 119)}-${shortHash(`${gatewayId}\n${original}`)}`;
}

/** First 8 hex digits of the SHA-256. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** The form in which names are compared. */
export function foldName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

const ITEM_NAMESPACE = Buffer.from('6f1c0a5e4b0d5d0e9a0b3b1f8c2d7e64', 'hex');

/**
 * The id of a federated item: UUID v5 (RFC 9562 §5.5) of Gateway slug, kind and original name or URI,
 * so that it is the same after the Gateway was deleted and added again.
 */
export function itemId(gatewaySlug: string, kind: string, original: string): string {
  const hash = createHash('sha1')
    .update(ITEM_NAMESPACE)
    .update(`${gatewaySlug}\n${kind}\n${original}`)
    .digest()
    .subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return uuidText(hash.toString('hex'));
}
