import { answer } from './answer.mjs';
import { app } from './app.mjs';
import { cancel, client, looks } from './client.mjs';
import { pipe } from './pipe.mjs';
import { plain } from './plain.mjs';
import { time } from './time.mjs';
import { wire } from './wire.mjs';

/** All behaviours by tool name. `wire` needs HTTP, `pipe` needs stdio. */
export const TOOLS = {
  ...plain,
  ...time,
  ...answer,
  ...wire,
  ...client,
  ...cancel,
  ...looks,
  ...pipe,
  ...app,
};

const WIRE = new Set(Object.keys(wire));
const PIPE = new Set(Object.keys(pipe));

/** What is listed of itself. */
export const LISTED = Object.keys(TOOLS).filter((name) => !Object.hasOwn(app, name));

export function fits(name, transport) {
  if (WIRE.has(name)) return transport === 'http';
  if (PIPE.has(name)) return transport === 'stdio';
  return true;
}
