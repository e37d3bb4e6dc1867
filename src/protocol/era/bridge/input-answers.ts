import { GatewayError } from '../../../kernel/errors.js';
import { scanJson } from '../../../kernel/json-scan.js';
import type { ServerRequestMethod } from '../../../kernel/mcp.js';

type Loose = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What is wrong with an answer, by the question it answers; `null` when it will do. */
const FAULTS: Readonly<Record<ServerRequestMethod, (answer: Loose) => string | null>> = {
  'elicitation/create'({ action, content }) {
    if (action !== 'accept' && action !== 'decline' && action !== 'cancel')
      return "'action' must be 'accept', 'decline' or 'cancel'";
    if (content === undefined || content === null) return null;
    if (action !== 'accept') return "'content' goes with 'accept' only";
    return isObject(content) ? null : "'content' must be an object";
  },
  'sampling/createMessage'({ role, content, model }) {
    if (role !== 'user' && role !== 'assistant') return "'role' must be 'user' or 'assistant'";
    if (!isObject(content) && !Array.isArray(content)) return "'content' is missing";
    return typeof model === 'string' ? null : "'model' must be a string";
  },
  'roots/list'({ roots }) {
    if (!Array.isArray(roots)) return "'roots' must be an array";
    return roots.every((root) => isObject(root) && typeof root['uri'] === 'string')
      ? null
      : "every root must have a 'uri'";
  },
};

/**
 * The members of `inputResponses` that answer an open question, each as it was written.
 * Others are ignored (26 Multi Round-Trip Requests §Error Handling).
 * @param raw the member as JSON text
 * @param open methods of the open questions by their keys
 * @throws GatewayError `invalid_params` when an answer has the wrong shape
 */
export function readAnswers(
  raw: string | undefined,
  open: ReadonlyMap<string, { readonly method: ServerRequestMethod }>,
): ReadonlyMap<string, string> {
  const answers = new Map<string, string>();
  if (raw === undefined) return answers;
  if (!raw.startsWith('{'))
    throw new GatewayError('invalid_params', { reason: "'inputResponses' must be an object" });
  const given = scanJson(raw).top;
  for (const [key, { method }] of open) {
    const text = given.raw(key);
    if (text === undefined) continue;
    const answer: unknown = JSON.parse(text);
    const fault = isObject(answer) ? FAULTS[method](answer) : 'must be an object';
    if (fault !== null)
      throw new GatewayError('invalid_params', { reason: `inputResponses.${key}: ${fault}` });
    answers.set(key, text);
  }
  return answers;
}
