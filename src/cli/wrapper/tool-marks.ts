import { type Message, requestText, resultMembers } from '../../kernel/jsonrpc.js';
import { paramHeaders } from '../../kernel/mirrored-headers.js';
import { type MirroredParam, mirroredParams } from '../../kernel/mirrored-params.js';
import { isObject } from '../../kernel/subschemas.js';
import { type Claim, standardHeaders } from './claim.js';
import type { OpenCall } from './open-call.js';
import { ownRequest } from './own-request.js';
import type { Remote } from './remote.js';

/** A list of more pages than this is taken as it is by then. */
const MAX_PAGES = 1000;

/** Which arguments of which tool go into `Mcp-Param-*` headers, from the tool lists seen. */
export class ToolMarks {
  private readonly byTool = new Map<string, readonly MirroredParam[]>();
  /** What is not in the map is not marked. */
  private isWhole = false;
  private reading: Promise<void> | null = null;
  /** Changes when what is being read is out of date already. */
  private edition = 0;

  constructor(private readonly remote: Remote) {}

  /** @param result of a `tools/list`, as JSON text */
  learn(result: string): void {
    const { tools } = JSON.parse(result) as { tools?: unknown };
    if (!Array.isArray(tools)) return;
    for (const tool of tools as unknown[])
      if (isObject(tool) && typeof tool['name'] === 'string')
        this.byTool.set(tool['name'], mirroredParams(tool['inputSchema']).params);
  }

  /** The list has changed, or the gateway says that the headers are wrong. */
  forget(): void {
    this.byTool.clear();
    this.isWhole = false;
    this.reading = null;
    this.edition++;
  }

  /** The `Mcp-Param-*` headers of a `tools/call`; the list is read when the tool was never seen. */
  async headersOf(call: OpenCall, claim: Claim): Promise<string[]> {
    const { params } = call.message;
    const name = params?.string('name');
    if (name === undefined) return [];
    if (!this.byTool.has(name) && !this.isWhole) {
      this.reading ??= this.read(claim);
      await this.reading;
    }
    const marks = this.byTool.get(name) ?? [];
    const args = params?.raw('arguments');
    return marks.length === 0 || args === undefined ? [] : paramHeaders(marks, JSON.parse(args));
  }

  private async read(claim: Claim): Promise<void> {
    const { edition } = this;
    let cursor = '';
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const answer = await this.readPage(claim, cursor);
      if (edition !== this.edition) return;
      // Told no, asking again would not help; without an answer it may.
      this.isWhole = answer !== null;
      const result = answer?.top.raw('result');
      if (answer === null || result?.startsWith('{') !== true) break;
      this.learn(result);
      cursor = resultMembers(answer)?.string('nextCursor') ?? '';
      if (cursor === '') break;
    }
    this.reading = null;
  }

  private async readPage(claim: Claim, cursor: string): Promise<Message | null> {
    const from = cursor === '' ? '' : `"cursor":${JSON.stringify(cursor)},`;
    const body = requestText(
      '"mcpgateway-wrapper-tools"',
      'tools/list',
      `${from}"_meta":{${claim.meta}}`,
    );
    const headers = standardHeaders({ method: 'tools/list', params: null }, claim.revision);
    return (await ownRequest((hooks) => this.remote.post(body, hooks, headers))).answer;
  }
}
