import { Injectable } from '@nestjs/common';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import { SyncLines } from './sync-lines.service.js';
import type { Watchable } from './upward-listen.js';

/** What upstreams tell of single resources and tasks, on the sync session of their Gateway. */
@Injectable()
export class Watches {
  constructor(private readonly lines: SyncLines) {}

  /**
   * Has an upstream tell of changes of a resource, or no more, for all clients together.
   * @throws UpstreamRpcError · GatewayError `upstream_unreachable`, `upstream_error`, `upstream_timeout`
   */
  watch(
    id: GatewayId,
    name: string,
    isWanted: boolean,
    kind: Watchable = 'resource',
  ): Promise<void> {
    const line = this.lines.get(id);
    if (line !== undefined) return line.watch(name, isWanted, kind);
    const reason = 'the gateway is disabled or gone';
    return Promise.reject(new GatewayError('upstream_unreachable', { reason }));
  }

  /** @returns ends the listening */
  onResourceUpdated(
    listener: (gatewayId: GatewayId, uri: string, params: string) => void,
  ): () => void {
    return this.lines.on('resourceUpdated', (line, uri, params) => {
      listener(line.gateway.id, uri, params);
    });
  }

  /** @returns ends the listening */
  onTaskTold(listener: (gatewayId: GatewayId, taskId: string, params: string) => void): () => void {
    return this.lines.on('taskTold', (line, taskId, params) => {
      listener(line.gateway.id, taskId, params);
    });
  }

  /** A new sync session: what was subscribed on the old one is gone. @returns ends the listening */
  onOpened(listener: (gatewayId: GatewayId) => void): () => void {
    return this.lines.on('opened', (line) => {
      listener(line.gateway.id);
    });
  }
}
