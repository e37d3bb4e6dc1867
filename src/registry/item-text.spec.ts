import { aTool } from '../../test/builders/catalog.js';
import { toolText } from './item-text.js';

describe('the text of a tool in a list', () => {
  const outputSchema = { type: 'array', items: { $ref: '#/$defs/x' }, $defs: { x: {} } };
  const tool = aTool({
    definition: JSON.stringify({ name: 'x', inputSchema: { type: 'object' }, outputSchema }),
  });
  const shown = (...eras: ['legacy' | 'modern', 'legacy' | 'modern']): unknown =>
    JSON.parse(toolText(tool, 'x', ...eras)).outputSchema;

  it('shows legacy clients any other output of a modern upstream as a member of an object', () => {
    expect(shown('legacy', 'modern')).toMatchObject({
      type: 'object',
      properties: { result: { type: 'array', items: { $ref: '#/properties/result/$defs/x' } } },
      required: ['result'],
    });
  });

  it('shows it as it came to modern clients, and that of legacy upstreams to all', () => {
    expect(shown('modern', 'modern')).toEqual(outputSchema);
    expect(shown('legacy', 'legacy')).toEqual(outputSchema);
  });
});
