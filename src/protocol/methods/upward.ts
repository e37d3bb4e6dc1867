import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import { LATEST_LEGACY } from '../../kernel/mcp.js';
import type { UpstreamReply } from '../../kernel/upstream.js';
import { InputLoop } from '../era/bridge/input-loop.js';
import { ModernClients } from '../era/bridge/modern-clients.js';
import { lowerError, lowerResult } from '../era/lower.js';
import { forRevision } from '../era/older.js';
import { raiseResult } from '../era/raise.js';
import { Legs, type Upward } from '../legs.js';

/** Sends calls to the upstream that serves them, over the bridge where eras differ. */
@Injectable()
export class UpwardCalls {
  constructor(
    private readonly legs: Legs,
    private readonly modern: ModernClients,
    private readonly loop: InputLoop,
  ) {}

  /** @returns the upstream's `result`, with what crossing an era edits and nothing else */
  async send(call: Call, up: Upward): Promise<string> {
    if (call.client.era === 'modern') return raised(call, await this.modern.send(call, up));
    let reply: UpstreamReply;
    try {
      reply = await this.legs.send(call, up);
      if (reply.era === 'modern') reply = await this.loop.run(call, up, reply);
    } catch (e) {
      return lowerError(call, e);
    }
    const { method } = call.message;
    const { revision } = call.client;
    const result =
      reply.era === 'modern' ? lowerResult(method, reply.result, up.definition) : reply.result;
    return revision === LATEST_LEGACY ? result : forRevision(method, result, revision);
  }
}

/** The result as a modern client wants it; what a modern upstream said is that already. */
function raised(call: Call, { result, era }: UpstreamReply): string {
  return era === 'legacy' ? raiseResult(call.message.method, result) : result;
}
