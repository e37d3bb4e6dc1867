import type { Gate } from '../kernel/gate.js';

/**
 * The places of one call in the gates it has passed. A call that only waits for its client steps
 * aside, so that nobody waits for a person elsewhere.
 */
export class Places {
  private gates: readonly Gate[] = [];
  private isAside = false;

  /** @param gates all that the call is in now */
  took(gates: readonly Gate[]): void {
    this.gates = gates;
    this.isAside = false;
  }

  stepAside(): void {
    if (this.isAside) return;
    this.isAside = true;
    for (const gate of this.gates) gate.leave();
  }

  /** It was let in once already, and what it holds open above waits: it takes its places unasked. */
  comeBack(): void {
    if (!this.isAside) return;
    this.isAside = false;
    for (const gate of this.gates) gate.pass();
  }

  /** The call is over. */
  end(): void {
    this.stepAside();
    this.gates = [];
  }
}
