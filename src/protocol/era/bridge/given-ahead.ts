import { scanJson } from '../../../kernel/json-scan.js';
import type { ServerRequestMethod } from '../../../kernel/mcp.js';

type Loose = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Types of values that forms have (26 Elicitation §Requested Schema). */
const IS_OF: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
};

/**
 * Answers that a client sends with a first call, as it may to a server whose keys it knows. A legacy
 * upstream's questions have no keys: a form gets the one accepted answer that has all it requires
 * and nothing it does not know. Two that fit are none: a wrong answer is worse than a question.
 */
export class GivenAhead {
  private readonly answers = new Map<string, { readonly text: string; readonly content: Loose }>();

  /** @param raw `inputResponses` as JSON text */
  constructor(raw: string | undefined) {
    if (raw?.startsWith('{') !== true) return;
    const { top } = scanJson(raw);
    for (const key of top.names()) {
      const text = top.raw(key) as string;
      const answer: unknown = JSON.parse(text);
      if (isObject(answer) && answer['action'] === 'accept' && isObject(answer['content']))
        this.answers.set(key, { text, content: answer['content'] });
    }
  }

  /** @returns the answer as JSON text, once; `null` when the client has to be asked */
  take(method: ServerRequestMethod, params: string): string | null {
    if (method !== 'elicitation/create' || this.answers.size === 0) return null;
    const { requestedSchema } = JSON.parse(`{${params}}`) as { requestedSchema?: unknown };
    const fitting = [...this.answers].filter(([, { content }]) => fits(content, requestedSchema));
    const [only] = fitting;
    if (only === undefined || fitting.length > 1) return null;
    this.answers.delete(only[0]);
    return only[1].text;
  }
}

function fits(content: Loose, schema: unknown): boolean {
  if (!isObject(schema) || !isObject(schema['properties'])) return false;
  const { properties, required } = schema;
  // A form that requires nothing would take anybody's answer.
  if (!Array.isArray(required) || required.length === 0) return false;
  const known = properties as Readonly<Record<string, { type?: unknown } | undefined>>;
  return (
    required.every((key) => Object.hasOwn(content, String(key))) &&
    Object.entries(content).every(([key, value]) => {
      const type = Object.hasOwn(known, key) ? known[key]?.type : undefined;
      return typeof type === 'string' && IS_OF[type]?.(value) === true;
    })
  );
}
