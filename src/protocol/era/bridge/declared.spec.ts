import { canAnswer, capabilityObject, missingFor } from './declared.js';

const FORM = '"mode":"form","message":"m","requestedSchema":{}';
const URL_MODE = '"message":"m","mode":"url","url":"https://a.b"';

describe('missingFor', () => {
  it.each([
    ['{}', 'elicitation/create', FORM, 'elicitation'],
    ['{"elicitation":{}}', 'elicitation/create', FORM, null],
    ['{"elicitation":{}}', 'elicitation/create', '"message":"m"', null],
    ['{"elicitation":{}}', 'elicitation/create', URL_MODE, 'elicitation.url'],
    ['{"elicitation":{"url":{}}}', 'elicitation/create', URL_MODE, null],
    ['{"elicitation":{"url":{}}}', 'elicitation/create', FORM, 'elicitation.form'],
    ['{"elicitation":{"url":{},"form":{}}}', 'elicitation/create', FORM, null],
    ['{"sampling":{}}', 'sampling/createMessage', '"maxTokens":1', null],
    ['{"sampling":{}}', 'sampling/createMessage', '"tools":[]', 'sampling.tools'],
    ['{"sampling":{"tools":{}}}', 'sampling/createMessage', '"tools":[]', null],
    ['{"roots":{}}', 'sampling/createMessage', '', 'sampling'],
    ['{"roots":{}}', 'roots/list', '', null],
    ['{"sampling":{}}', 'roots/list', '', 'roots'],
  ] as const)('%s and %s{%s}: %s', (capabilities, method, params, missing) => {
    expect(missingFor(capabilities, method, params)).toBe(missing);
  });

  it('writes a capability as the object it stands in', () => {
    expect(capabilityObject('elicitation.url')).toEqual({ elicitation: { url: {} } });
  });

  it('knows clients that can be asked nothing', () => {
    expect(canAnswer('{"extensions":{"a/b":{}}}')).toBe(false);
    expect(canAnswer('{"roots":{}}')).toBe(true);
  });
});
