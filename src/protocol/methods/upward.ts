import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import { LATEST_LEGACY } from '../../kernel/mcp.js';
import type { UpstreamReply } from '../../kernel/upstream.js';
import { CoreTasks } from '../core-tasks.js';
import { driveCoreTask } from '../era/bridge/core-task-drive.js';
import { InputLoop } from '../era/bridge/input-loop.js';
import { ModernClients } from '../era/bridge/modern-clients.js';
import { TaskDrive } from '../era/bridge/task-drive.js';
import { lowerError, lowerResult } from '../era/lower.js';
import { forRevision } from '../era/older.js';
import { raiseResult } from '../era/raise.js';
import { withShownUris } from '../../registry/uri-text.js';
import { Legs, type Upward } from '../legs.js';
import { LoginQuestions } from '../login-questions.js';

/** Sends calls to the upstream that serves them, over the bridge where eras differ. */
@Injectable()
export class UpwardCalls {
  constructor(
    private readonly legs: Legs,
    private readonly modern: ModernClients,
    private readonly loop: InputLoop,
    private readonly tasks: TaskDrive,
    private readonly coreTasks: CoreTasks,
    private readonly logins: LoginQuestions,
  ) {}

  /** @returns the upstream's `result`, with what crossing an era edits and nothing else */
  async send(call: Call, up: Upward): Promise<string> {
    let reply: UpstreamReply;
    try {
      if (call.client.era === 'modern') {
        reply = await this.modern.send(call, up);
        up.replied?.(reply);
        return raised(call, up, reply);
      }
      if (up.task === 'begin') return await this.coreTasks.begin(call, up);
      if (this.tasks.isFor(up)) reply = await this.tasks.run(call, up);
      else if (up.task === 'follow') reply = await driveCoreTask(this.legs, call, up, null);
      else {
        reply = await this.legs.send(call, up);
        up.replied?.(reply);
        if (reply.era === 'modern')
          reply = await this.tasks.followed(call, up, await this.loop.run(call, up, reply));
      }
    } catch (e) {
      return this.failed(call, up, e);
    }
    return lowered(call, up, reply);
  }

  /** What an upstream answered earlier, as the client of this call wants it. */
  dress(call: Call, up: Upward, reply: UpstreamReply): string {
    return call.client.era === 'modern' ? raised(call, up, reply) : lowered(call, up, reply);
  }

  private failed(call: Call, up: Upward, error: unknown): Promise<string> | string {
    if (this.logins.isFor(error))
      return this.logins.answer(call, up, error, async () =>
        raised(call, up, await this.modern.send(call, up)),
      );
    if (call.client.era === 'modern') throw error;
    return this.tasks.learns(up, error) ? this.send(call, up) : lowerError(call, error);
  }
}

/** The result as a legacy client of that revision wants it. */
function lowered(call: Call, up: Upward, reply: UpstreamReply): string {
  const { method } = call.message;
  const { era } = reply;
  const result = withShownUris(reply.result, up.uris ?? null);
  const { revision } = call.client;
  const legacy = era === 'modern' ? lowerResult(method, result, up.definition) : result;
  return revision === LATEST_LEGACY ? legacy : forRevision(method, legacy, revision);
}

/** The result as a modern client wants it; what a modern upstream said is that already. */
function raised(call: Call, up: Upward, reply: UpstreamReply): string {
  const result = withShownUris(reply.result, up.uris ?? null);
  return reply.era === 'legacy' ? raiseResult(call.message.method, result) : result;
}
