import { Injectable } from '@nestjs/common';
import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import type { GatewayId } from '../../../kernel/ids.js';
import { Sealer } from '../../../platform/crypto/sealer.js';

/** A task of an upstream: its id as the upstream wrote it. */
export interface UpstreamTask {
  readonly gatewayId: GatewayId;
  readonly taskId: string;
}

const LABEL = 'task';

/**
 * Seals the ids of upstreams' tasks: upstreams see one credential for all users, so only the seal
 * keeps the tasks of one from the others (PROTOCOL.md §5.10, SECURITY.md S14). Base64url, so that a
 * sealed id can stand in a header.
 */
@Injectable()
export class TaskSeals {
  constructor(private readonly sealer: Sealer) {}

  seal(call: Call, task: UpstreamTask): string {
    return this.sealer.seal(LABEL, JSON.stringify([task.gatewayId, task.taskId]), binding(call));
  }

  /** @throws GatewayError `task_not_found`, foreign, unknown and changed ids alike */
  open(call: Call, sealed: string): UpstreamTask {
    const task = this.find(call, sealed);
    if (task === undefined) throw new GatewayError('task_not_found');
    return task;
  }

  find(call: Call, sealed: string): UpstreamTask | undefined {
    const text = this.sealer.open(LABEL, sealed, binding(call));
    if (text === undefined) return undefined;
    const [gatewayId, taskId] = JSON.parse(text) as [GatewayId, string];
    return { gatewayId, taskId };
  }
}

function binding({ caller, serverId }: Call): string {
  return JSON.stringify([caller.principalHash, serverId]);
}
