import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 make every new object where new objects die cheaply. By itself it learns where objects lived
 * long, as those of a registration do, and makes later ones of the same code old from birth: then whatever
 * a call holds is promoted with it, and a call among 200 gateways costs half as much again.
 */
export function keepObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
