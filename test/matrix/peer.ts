import type { RpcMessage } from '../drive/http-client.js';
import type { Loose } from '../drive/rest.js';

export type Era = 'legacy' | 'modern';

/** What came back for one request: the answer, itself as text, and what was said before it. */
export interface Said {
  readonly answer: RpcMessage;
  /** The `result` of the answer as it stood on the wire; '' for an error. */
  readonly result: string;
  readonly notices: readonly RpcMessage[];
  /** Methods of what the server asked, sorted: several questions have no order. */
  readonly asked: readonly string[];
}

/** Answers what a server asks of its client: the `result`. */
export type Answering = (method: string, params: Loose) => Loose;

export interface Asking {
  readonly answering?: Answering;
  /** More members of `params._meta`. */
  readonly meta?: Record<string, unknown>;
}

/** A client of one transport and era, bare enough to compare what stood on the wire. */
export interface Peer {
  readonly era: Era;
  request(method: string, params?: object, asking?: Asking): Promise<Said>;
  close(): Promise<void>;
}

export const CAPABILITIES = {
  sampling: {},
  elicitation: { form: {}, url: {} },
  roots: {},
};
export const CLIENT_INFO = { name: 'matrix', version: '1' };
const MODERN = '2026-07-28';
const MAX_ROUNDS = 10;

export const initialize = {
  protocolVersion: '2025-11-25',
  capabilities: CAPABILITIES,
  clientInfo: CLIENT_INFO,
};

/** `params` with the claim of a modern request. */
export function claimed(params: object, meta: object = {}): Loose {
  return {
    ...params,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': MODERN,
      'io.modelcontextprotocol/clientCapabilities': CAPABILITIES,
      'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
      ...meta,
    },
  };
}

/** The headers that repeat the body of a modern request (26 Streamable HTTP §Request Metadata). */
export function mirrored(method: string, params: Loose): Record<string, string> {
  const name: unknown = params['name'] ?? params['uri'] ?? params['taskId'];
  const region: unknown = params['arguments']?.['region'];
  return {
    'mcp-protocol-version': MODERN,
    'mcp-method': method,
    ...(typeof name === 'string' && method !== 'completion/complete' ? { 'mcp-name': name } : {}),
    ...(typeof region === 'string' ? { 'mcp-param-region': region } : {}),
  };
}

/** The text of the `result` member of a response, exactly. */
export function resultOf(raw: string): string {
  const at = raw.indexOf('"result":');
  return at < 0 ? '' : raw.slice(at + '"result":'.length, raw.lastIndexOf('}')).trim();
}

type Once = (params: object, asking: Asking) => Promise<Omit<Said, 'asked'>>;

/** A modern request with all its rounds: `input_required` is answered and sent again. */
export async function inRounds(params: object, asking: Asking, once: Once): Promise<Said> {
  const asked: string[] = [];
  const notices: RpcMessage[] = [];
  let next = params;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const said = await once(next, asking);
    notices.push(...said.notices);
    const result: Loose = said.answer.result;
    if (result?.['resultType'] !== 'input_required')
      return { ...said, notices, asked: asked.sort() };
    const requests = Object.entries<Loose>(result['inputRequests'] ?? {});
    asked.push(...requests.map(([, request]) => String(request['method'])));
    const inputResponses = Object.fromEntries(
      requests.map(([key, r]) => [key, asking.answering?.(r['method'], r['params'])]),
    );
    const state: unknown = result['requestState'];
    next = { ...params, inputResponses, ...(state === undefined ? {} : { requestState: state }) };
  }
  throw new Error(`no end after ${String(MAX_ROUNDS)} rounds`);
}
