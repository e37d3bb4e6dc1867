import { scanJson } from '../../../kernel/json-scan.js';
import { NEEDS_CAPABILITY, type ServerRequestMethod } from '../../../kernel/mcp.js';

/** How an upstream's own JSON is read: what it repeats is its own affair. */
const RELAYED = { maxDepth: 512, uniqueKeys: false } as const;

type Declared = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

/**
 * The client capability that a question needs and the client did not declare: `sampling`,
 * `sampling.tools`, `elicitation.form`, `elicitation.url`, `roots`; `null` when it can be asked.
 * @param capabilities what the client declared, as JSON text
 * @param params inside of the question's params
 */
export function missingFor(
  capabilities: string,
  method: ServerRequestMethod,
  params: string,
): string | null {
  const name = NEEDS_CAPABILITY[method];
  const declared = (JSON.parse(capabilities) as Declared)[name];
  if (typeof declared !== 'object') return name;
  if (name === 'roots') return null;
  const { top } = scanJson(`{${params}}`, RELAYED);
  if (name === 'sampling')
    return top.has('tools') && declared['tools'] === undefined ? 'sampling.tools' : null;
  // An empty object means forms alone (26 Elicitation §Capabilities).
  const mode = top.string('mode') === 'url' ? 'url' : 'form';
  const isOpen = mode === 'form' && declared['url'] === undefined;
  return isOpen || declared[mode] !== undefined ? null : `elicitation.${mode}`;
}

/** A capability's name as an object of capabilities: `elicitation.url` → `{elicitation: {url: {}}}`. */
export function capabilityObject(name: string): Record<string, unknown> {
  return name
    .split('.')
    .reduceRight<Record<string, unknown>>((inner, key) => ({ [key]: inner }), {});
}

/** Whether a client of these capabilities can be asked anything at all. */
export function canAnswer(capabilities: string): boolean {
  return /"(?:sampling|elicitation|roots)"\s*:/.test(capabilities);
}
