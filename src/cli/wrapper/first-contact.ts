import type { Fault } from './fault.js';
import type { OpenCall } from './open-call.js';

/** Whether the gateway has ever answered a request: what fails before that ends the wrapper. */
export class FirstContact {
  private made = false;

  /** @param onFatal the first request has failed in a way that later ones will not mend */
  constructor(private readonly onFatal: (exitCode: number) => void) {}

  get isMade(): boolean {
    return this.made;
  }

  make(): void {
    this.made = true;
  }

  /** Answers the call with the fault. */
  fail(call: OpenCall, why: Fault): void {
    call.fail(why);
    if (why.exitCode === null) this.made = true;
    else if (!this.made) this.onFatal(why.exitCode);
  }
}
