import type { JsonObject } from '../catalog.js';
import { slugify } from '../names.js';
import { type ClientFacts, clientFacts, type ClientId } from './clients.js';
import { curlText } from './curl.js';

/** A Server as a client's configuration names it. */
export interface Connection {
  /** `[a-z0-9-]{1,64}`. */
  readonly key: string;
  /** Its Streamable HTTP endpoint. */
  readonly url: string;
}

/** What goes into a file, or into a shell. */
export interface Snippet {
  readonly format: ClientFacts['format'];
  readonly file: string | null;
  readonly content: string;
}

/** The configuration of a client for one Server; holds a reference to the token, or a placeholder. */
export function clientSnippet(client: ClientId, connection: Connection): Snippet {
  const facts = clientFacts(client);
  return { format: facts.format, file: facts.file, content: contentOf(facts, connection) };
}

/** The name of a Server in configurations. @param id stands in for names without a letter of `a-z0-9` */
export function clientKey(name: string, id: string): string {
  const slug = slugify(name, '-').slice(0, 64).replace(/-$/, '');
  return slug === '' ? `server-${id.slice(0, 8)}` : slug;
}

function contentOf(facts: ClientFacts, connection: Connection): string {
  if (facts.format === 'shell') return curlText(connection.url);
  const entry = filled(facts.entry, connection) as JsonObject;
  if (facts.format === 'toml') return tomlText(`${facts.topKey}.${connection.key}`, entry);
  const whole = { ...facts.before, [facts.topKey]: { [connection.key]: entry } };
  if (facts.format === 'yaml') return `${yamlLines(whole, '').join('\n')}\n`;
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** A template with its placeholders replaced. */
function filled(value: unknown, { key, url }: Connection): unknown {
  if (typeof value === 'string') return value === '{url}' ? url : value === '{key}' ? key : value;
  if (Array.isArray(value)) return value.map((item) => filled(item, { key, url }));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, of]) => [name, filled(of, { key, url })]);
  return Object.fromEntries(members) as JsonObject;
}

/** One table of strings: a basic string of TOML is written as one of JSON. */
function tomlText(table: string, entry: JsonObject): string {
  const lines = Object.entries(entry).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return `[${table}]\n${lines.join('\n')}\n`;
}

/** YAML 1.2 takes scalars and lists in the form of JSON; only objects are written its own way. */
function yamlLines(value: JsonObject, indent: string): string[] {
  return Object.entries(value).flatMap(([name, of]) => {
    const isMap = typeof of === 'object' && of !== null && !Array.isArray(of);
    return isMap
      ? [`${indent}${name}:`, ...yamlLines(of as JsonObject, `${indent}  `)]
      : [`${indent}${name}: ${JSON.stringify(of)}`];
  });
}
