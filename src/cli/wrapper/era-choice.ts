import { ERRORS } from '../../kernel/errors.js';
import { LEGACY_REVISIONS, MODERN_REVISIONS } from '../../kernel/mcp.js';
import { type Fault, fault } from './fault.js';
import type { OpenCall } from './open-call.js';

/** Which messages of the client are taken. */
export type EraChoice = 'auto' | 'legacy' | 'modern';

export function isEraChoice(text: string): text is EraChoice {
  return text === 'auto' || text === 'legacy' || text === 'modern';
}

/** @returns why a request is not taken under `--era`; null when it is */
export function eraFault(choice: EraChoice, call: OpenCall): Fault | null {
  const { claim, method } = call;
  const isModern = claim !== null;
  // How clients of the modern era probe: told no, they go on with `initialize`.
  if (method === 'server/discover' && (!isModern || choice === 'legacy'))
    return fault('method_not_found', `Method not found: ${method}`);
  if (choice === 'auto' || isModern === (choice === 'modern')) return null;
  const code = 'unsupported_protocol_version';
  const error = {
    code: ERRORS[code].rpc,
    message: `The wrapper was started with --era ${choice}`,
    data: {
      code,
      supported: choice === 'modern' ? MODERN_REVISIONS : LEGACY_REVISIONS,
      requested: claim?.revision ?? call.message.params?.string('protocolVersion') ?? '',
    },
  };
  return { error: JSON.stringify(error), exitCode: null };
}
