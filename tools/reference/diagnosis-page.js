import { checkTable } from '../../src/diagnose/check-table.ts';
import { causes } from '../../src/diagnose/diagnose-facts.ts';
import { faultTable } from '../../src/lab/fault-table.ts';
import { code, generatedNote, table } from './markdown.js';

/** @param {string} text `{name}` in a cause stands for a value of the refusal */
const cell = (text) => text.replaceAll('{', '‹').replaceAll('}', '›');

/** @param {import('../../src/lab/fault.ts').Expectation} expected */
const expectation = (expected) =>
  'nothing' in expected ? `nothing: ${expected.nothing}` : expected.map(code).join(', ');

export function diagnosisPage() {
  return [
    generatedNote,
    '# Checks, causes and faults',
    '[How to use them](../guides/diagnosing.md). Names do not change, so that scripts can look for them.',
    '## Checks',
    'What `usher doctor` tries, in this order. A check that needs another one is not tried when that did not pass.',
    table(
      ['Check', 'Passes when', 'Needs'],
      checkTable.map(({ id, title, needs }) => [code(id), title, needs.map(code).join(', ')]),
    ),
    '## Causes',
    "What `usher explain` and `usher doctor` name, beside the providers' own [known refusals](refusals.md). The first that fits is the one.",
    table(
      ['Cause', 'Of', 'What is wrong', 'What to do', 'Whose turn'],
      causes.map((row) => [
        code(row.id),
        row.code === 'none' ? 'a call that went through' : code(row.code),
        cell(row.cause),
        cell(row.fix),
        row.who,
      ]),
    ),
    '## Faults',
    'What `usher lab faults` seeds, and what has to be named then.',
    table(
      ['Fault', 'What is wrong', '`usher explain`', '`usher doctor`'],
      faultTable.map(({ name, title, explain, doctor }) => [
        code(name),
        title,
        expectation(explain),
        expectation(doctor),
      ]),
    ),
  ].join('\n\n');
}
