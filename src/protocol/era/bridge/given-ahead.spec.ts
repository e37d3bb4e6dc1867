import { GivenAhead } from './given-ahead.js';

const FORM =
  '"message":"m","requestedSchema":{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name"]}';
const accept = (content: unknown) => ({ action: 'accept', content });
const given = (responses: unknown) => new GivenAhead(JSON.stringify(responses));

describe('GivenAhead', () => {
  it('answers a form with the one answer that fits, once', () => {
    const answers = given({ user: accept({ name: 'Ann', age: 3 }), x: accept({ foo: 'bar' }) });
    expect(answers.take('elicitation/create', FORM)).toBe(
      '{"action":"accept","content":{"name":"Ann","age":3}}',
    );
    expect(answers.take('elicitation/create', FORM)).toBeNull();
  });

  it.each([
    ['two fit', { a: accept({ name: 'A' }), b: accept({ name: 'B' }) }],
    ['a required value is missing', { a: accept({ age: 1 }) }],
    ['a value is of another type', { a: accept({ name: 1 }) }],
    ['it has a value the form does not ask for', { a: accept({ name: 'A', more: 1 }) }],
    ['it does not accept', { a: { action: 'decline' } }],
    ['it is no answer', { a: 'accept', b: null }],
  ])('leaves the question to the client when %s', (_why, responses) => {
    expect(given(responses).take('elicitation/create', FORM)).toBeNull();
  });

  it('answers nothing but forms that require something', () => {
    const loose = '"message":"m","requestedSchema":{"type":"object","properties":{}}';
    expect(given({ a: accept({}) }).take('elicitation/create', loose)).toBeNull();
    expect(given({ a: accept({}) }).take('roots/list', '')).toBeNull();
    expect(new GivenAhead(undefined).take('elicitation/create', FORM)).toBeNull();
  });
});
