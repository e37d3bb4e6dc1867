import type { Message } from '../../kernel/jsonrpc.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';

/** A request on the wire under an id of ours; the progress token is the same integer (PROTOCOL.md §4.2). */
export function requestBody(id: number, request: UpstreamRequest): string {
  const { params, meta, wantsProgress, method } = request;
  const token = wantsProgress ? `"progressToken":${String(id)}` : '';
  const inside = joined(meta, token);
  const all = joined(params, inside === '' ? '' : `"_meta":{${inside}}`);
  return `{"jsonrpc":"2.0","id":${String(id)},"method":"${method}","params":{${all}}}`;
}

/** Insides of one object, one after the other. */
export function joined(a: string, b: string): string {
  return a === '' || b === '' ? a + b : `${a},${b}`;
}

/** The inside of a message's params without the members named. */
export function paramsOf(message: Message, ...without: string[]): string {
  return message.params?.without(...without) ?? '';
}

/** A response of ours. @param inside `"result":…` or `"error":…` */
export function replyText(id: string, inside: string): string {
  return `{"jsonrpc":"2.0","id":${id},${inside}}`;
}
