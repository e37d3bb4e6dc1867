import type { Gateway, Json } from './catalog.js';

/**
 * Words of MCP itself, of any revision, and of JSON-RPC: what is not served here is not there, whatever
 * an upstream would say to it.
 */
const RESERVED = new Set(
  (
    'completion elicitation initialize logging notifications ping prompts resources roots sampling ' +
    'server subscriptions tasks tools'
  ).split(' '),
);
/** As a header, a label of the call log and a JSON string carry it without quoting. */
const NAME = /^[\w.$-]+(?:\/[\w.$-]+)*$/;
const MAX_LENGTH = 64;

/** Whether a request of that name can only be meant for an upstream (PROTOCOL.md §5.1, *vendor methods*). */
export function isVendorMethod(name: string): boolean {
  if (name.length > MAX_LENGTH || !NAME.test(name) || name.startsWith('rpc.')) return false;
  return !RESERVED.has(firstPart(name));
}

/** Whether MCP itself knows no notice of that name. */
export function isVendorNotice(method: string): boolean {
  return !MCP_NOTICE.test(method);
}

const MCP_NOTICE =
  /^notifications\/(?:cancelled|elicitation\/complete|initialized|message|progress|(?:prompts|resources|roots|tools)\/list_changed|resources\/updated|subscriptions\/acknowledged|tasks(?:\/status)?)$/;

/**
 * Whether an upstream says in its capabilities that it has such methods: one of its own, an experimental
 * one or an extension of which the method bears the name, `com.example/search` for `search/all`.
 */
export function declaresMethod(
  { capabilities }: Pick<Gateway, 'capabilities'>,
  name: string,
): boolean {
  const { experimental, extensions, ...own } = capabilities;
  const keys = [own, experimental, extensions].flatMap(keysOf);
  return keys.some((key) => bears(name, key) || bears(name, key.slice(key.lastIndexOf('/') + 1)));
}

function bears(method: string, name: string): boolean {
  return name !== '' && (method === name || method.startsWith(`${name}/`));
}

function keysOf(value: Json | undefined): string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.keys(value)
    : [];
}

function firstPart(name: string): string {
  const slash = name.indexOf('/');
  return slash < 0 ? name : name.slice(0, slash);
}
