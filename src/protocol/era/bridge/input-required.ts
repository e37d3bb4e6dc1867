import { GatewayError } from '../../../kernel/errors.js';
import type { Members } from '../../../kernel/json-members.js';
import { RELAYED, scanJson } from '../../../kernel/json-scan.js';
import { MAX_QUESTIONS, type ServerRequestMethod, isServerRequest } from '../../../kernel/mcp.js';

/** One question of a modern upstream, under the upstream's own key. */
export interface InputRequest {
  readonly key: string;
  readonly method: ServerRequestMethod;
  /** Inside of its params. */
  readonly params: string;
}

/** A result that asks instead of answering (26 Multi Round-Trip Requests). */
export interface InputRequired {
  readonly requests: readonly InputRequest[];
  /** `requestState` as the JSON text it came as; `undefined` when there is none. */
  readonly state: string | undefined;
  readonly members: Members;
}

/**
 * @returns `null` for every other result
 * @throws GatewayError `upstream_error` when it is malformed, `unanswerable` for a kind of question
 *   that does not exist
 */
export function readInputRequired(result: string): InputRequired | null {
  // Nearly no result has the word, so nearly none is scanned.
  if (!result.includes('"input_required"')) return null;
  const { top } = scanJson(result, RELAYED);
  if (top.string('resultType') !== 'input_required') return null;
  const state = top.raw('requestState');
  const raw = top.raw('inputRequests');
  if (state?.startsWith('"') === false) throw malformed("'requestState' is no string");
  if (raw?.startsWith('{') === false) throw malformed("'inputRequests' is no object");
  if (raw === undefined && state === undefined) throw malformed('it asks nothing');
  return { requests: raw === undefined ? [] : readInputRequests(raw), state, members: top };
}

/**
 * @param raw `inputRequests` as JSON text
 * @throws GatewayError `upstream_error` when it is malformed, `unanswerable` for a kind of question
 *   that does not exist
 */
export function readInputRequests(raw: string): InputRequest[] {
  if (!raw.startsWith('{')) throw malformed("'inputRequests' is no object");
  const entries = scanJson(raw, RELAYED).top;
  if (entries.names().length > MAX_QUESTIONS) throw malformed('it asks too much');
  return entries.names().map((key) => {
    const text = entries.raw(key) as string;
    if (!text.startsWith('{')) throw malformed('an input request is no object');
    const { top, nested } = scanJson(text, { ...RELAYED, nested: ['params'] });
    const method = top.string('method') ?? '';
    if (!isServerRequest(method))
      throw new GatewayError('unanswerable', {
        reason: `Upstream asked '${method.slice(0, 64)}', which no client answers`,
      });
    return { key, method, params: nested['params']?.without() ?? '' };
  });
}

function malformed(reason: string): GatewayError {
  return new GatewayError('upstream_error', {
    reason: `Upstream sent an input_required result that is malformed: ${reason}`,
  });
}

/** Params of a leg that answers: the first leg's, the answers, the state byte for byte. */
export function answeringParams(
  params: string,
  responses: string | undefined,
  state: string | undefined,
): string {
  const parts = [params];
  if (responses !== undefined) parts.push(`"inputResponses":${responses}`);
  if (state !== undefined) parts.push(`"requestState":${state}`);
  return parts.filter((part) => part !== '').join(',');
}
