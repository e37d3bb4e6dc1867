import { aPrompt } from '../../../test/builders/catalog.js';
import { promptArguments, requireNewest, wantedVersion } from './rendering.js';

describe('rendering a prompt', () => {
  it('takes strings, and the JSON text of numbers and booleans', () => {
    expect(promptArguments({ a: 'x', n: 1.5, yes: true })).toEqual({
      a: 'x',
      n: '1.5',
      yes: 'true',
    });
    for (const value of [{}, [], null])
      expect(() => promptArguments({ 'a/b': value })).toThrow(
        expect.objectContaining({
          extras: { errors: [expect.objectContaining({ pointer: '/a~1b' })] },
        }),
      );
  });

  it('takes the newest version only, by number or as latest', () => {
    const prompt = aPrompt({ version: 2 });
    for (const wanted of [{}, { version: 2 }, { label: 'latest' }, { version: null, label: null }])
      expect(() => requireNewest(prompt, wanted)).not.toThrow();
    for (const wanted of [{ version: 1 }, { label: 'production' }])
      expect(() => requireNewest(prompt, wanted)).toThrow(
        expect.objectContaining({ code: 'prompt_version_not_found' }),
      );
  });

  it('reads the version of a query', () => {
    expect(wantedVersion({ version: '3' })).toEqual({ version: 3, label: null });
    expect(wantedVersion({ label: 'a' })).toEqual({ version: null, label: 'a' });
    expect(() => wantedVersion({ version: 'x' })).toThrow('1 field is invalid');
  });
});
