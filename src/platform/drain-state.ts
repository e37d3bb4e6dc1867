import { Injectable } from '@nestjs/common';

/** Whether this process is on its way out: answers of `/ready`, refusals of new calls (OPERATIONS.md §6.2). */
@Injectable()
export class DrainState {
  private isDraining = false;
  private readonly listeners: (() => void)[] = [];

  get draining(): boolean {
    return this.isDraining;
  }

  /** Cannot be taken back; the second call does nothing. */
  begin(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    for (const listener of this.listeners.splice(0)) listener();
  }

  /** Runs `listener` once when draining begins; at once when it has begun already. */
  onDrain(listener: () => void): void {
    if (this.isDraining) listener();
    else this.listeners.push(listener);
  }
}
