import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import { CLAIM } from '../../kernel/mcp.js';
import { ownResult, serverInfoText } from '../../kernel/own-result.js';
import { Config } from '../../config/config.js';

/** Results that the gateway makes itself, in the form of the client's era. */
@Injectable()
export class OwnResults {
  private readonly serverInfo: string;

  constructor(config: Config) {
    this.serverInfo = serverInfoText(config.appName);
  }

  /**
   * @param inside members of the result as text
   * @param meta members of its `_meta` besides ours, as text; modern only
   */
  dress(call: Call, inside: string, meta = ''): string {
    if (call.client.era === 'legacy') return `{${inside}}`;
    const own = `"${CLAIM.serverInfo}":${this.serverInfo}`;
    return ownResult(inside, meta === '' ? own : `${meta},${own}`);
  }
}
