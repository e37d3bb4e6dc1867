import { Answer } from './answer.js';
import { inBothSpellings } from './casing.js';
import type { View } from '../registry/views/common-view.js';

/** Answer of a state route (API.md §2.1): older clients read the entity in snake_case. */
export function stateAnswer(
  kind: 'Tool' | 'Resource' | 'Prompt' | 'Gateway',
  record: { readonly id: string; readonly enabled: boolean; readonly version: number },
  view: View,
): Answer {
  return new Answer(
    {
      status: 'success',
      message: `${kind} ${record.id} ${record.enabled ? 'activated' : 'deactivated'}`,
      [kind.toLowerCase()]: inBothSpellings(view),
    },
    { version: record.version },
  );
}

export const deleted = (message: string): View => ({ status: 'success', message });
