import type { BodySpec } from './body/body-spec.js';
import { Absent, Bool } from './body/rules.js';
import { Query } from './query.js';

/** Body of the state routes (API.md §2.1). */
export class StateBody {
  @Absent() @Bool() activate?: boolean;
  @Absent() @Bool() enabled?: boolean;
}

export const STATE: BodySpec<StateBody> = { shape: StateBody };

/** The wanted state: the body, else `?activate`, else on. @throws GatewayError `validation_failed` */
export function wantedState(
  body: StateBody,
  parameters: Readonly<Record<string, unknown>>,
): boolean {
  const query = new Query(parameters);
  const asked = query.flag('activate');
  query.check();
  return body.activate ?? body.enabled ?? asked ?? true;
}
