import { Injectable } from '@nestjs/common';
import type { Caller } from '../../kernel/caller.js';
import { Dispatcher } from '../../protocol/dispatcher.js';
import { Listeners } from '../../protocol/listeners.js';
import { SessionEnd } from '../../protocol/session/session-end.js';
import { Incoming } from '../http/incoming.js';
import { ClientPipe, type Outlet, type PipeOwner } from './client-pipe.js';
import { PipeWatch } from './pipe-watch.js';

export interface OpenPipe {
  readonly pipe: ClientPipe;
  /** To be called once its connection is gone. */
  closed(): void;
}

/** Opens sessions of clients on pipes: they listen from the start, as the pipe is their stream. */
@Injectable()
export class PipeOpener {
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly incoming: Incoming,
    private readonly listeners: Listeners,
    private readonly ends: SessionEnd,
    private readonly watch: PipeWatch,
  ) {}

  /**
   * Whether one more may be opened, where the answer is needed before it is.
   * @throws GatewayError `draining`, `overloaded`, `too_many_streams`
   */
  requireRoom(caller: Caller): void {
    this.watch.requireOpen();
    this.listeners.requireRoom(caller);
  }

  /** @throws GatewayError `draining`, `overloaded`, `too_many_streams` */
  open(owner: PipeOwner, outlet: Outlet): OpenPipe {
    this.watch.requireOpen();
    const { dispatcher, incoming } = this;
    const pipe = new ClientPipe(owner, outlet, { dispatcher, incoming });
    const leave = this.listeners.add(pipe.session, owner.caller, {
      // Who has not been greeted has read no list that could have changed.
      send: (message) => pipe.session.isOpen && pipe.send(message),
      probe: () => {
        pipe.probe();
      },
      close: () => {
        pipe.drain();
      },
    });
    this.watch.add(pipe);
    return {
      pipe,
      closed: () => {
        this.watch.remove(pipe);
        leave();
        this.ends.pipeClosed(pipe.session.id);
      },
    };
  }
}
