import { providers } from '../../src/providers/providers.ts';
import { code, generatedNote } from './markdown.js';

const codes = {
  'sign-in': '`exchange_subject_refused`, whatever the answer’s own code: a new sign-in helps',
  allow: '`exchange_denied`, whatever the answer’s own code: no sign-in helps before it is allowed',
  'set-up': '`exchange_misconfigured`, whatever the answer’s own code: no sign-in helps before it is set up',
};

/** @param {import('../../src/model/provider.ts').KnownRefusal['answer']} answer */
function describeAnswer({ statuses = [], errors = [], description }) {
  const parts = [
    ...(statuses.length === 0 ? [] : [`status ${statuses.join(' or ')}`]),
    ...(errors.length === 0 ? [] : [errors.map((error) => code(error) || 'no code').join(' or ')]),
    ...(description === undefined ? [] : [`a description like ${code(description.source)}`]),
  ];
  return parts.join(', ');
}

/** @param {string} source */
function linked(source) {
  return source.replaceAll(/https:\/\/[^\s;]+/g, '<$&>');
}

export function refusalsPage() {
  return [
    generatedNote,
    '# Known refusals of identity providers',
    'What Usher knows of the ways a provider’s token endpoint refuses. Where an answer is one of these, its cause and what to do stand in the log and in the audit trail’s `hint`, and its name in `cause`; callers see neither. Whose token endpoint it is follows from its URL, or from `--provider`. A provider’s own list is asked first, then [the standards’](#any-provider). “Description” is what the answer says in `error_description`, upper and lower case alike.',
    ...providers.flatMap(({ title, refusals }) => [
      `## ${title}`,
      ...refusals.map(({ id, answer, turn, cause, fix, source }) =>
        [
          `### ${id}`,
          cause,
          [
            `- **Do**: ${fix}`,
            ...(turn === undefined ? [] : [`- **Usher’s code**: ${codes[turn]}`]),
            `- **Answer**: ${describeAnswer(answer)}`,
            `- **Source**: ${linked(source)}`,
          ].join('\n'),
        ].join('\n\n'),
      ),
    ]),
  ].join('\n\n');
}
