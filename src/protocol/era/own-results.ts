import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import { CLAIM } from '../../kernel/mcp.js';
import { ownResult } from '../../kernel/own-result.js';
import { OwnInstance } from '../../registry/own-instance.service.js';

/** Results that the gateway makes itself, in the form of the client's era. */
@Injectable()
export class OwnResults {
  private serverInfo = '';

  constructor(private readonly own: OwnInstance) {}

  /**
   * @param inside members of the result as text
   * @param meta members of its `_meta` besides ours, as text; modern only
   */
  dress(call: Call, inside: string, meta = ''): string {
    if (call.client.era === 'legacy') return `{${inside}}`;
    this.serverInfo ||= JSON.stringify(this.own.serverInfo);
    const own = `"${CLAIM.serverInfo}":${this.serverInfo}`;
    return ownResult(inside, meta === '' ? own : `${meta},${own}`);
  }
}
