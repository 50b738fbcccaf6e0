import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildSchema,
  type GraphQLError,
  GraphQLError as GraphQLFailure,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  Source,
  TokenKind,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
} from 'graphql';
import { CannotStart } from '../lib/cannot-start.ts';
import { messageOf } from '../lib/message-of.ts';
import { buildInputSchema, type JsonSchema } from './build-input-schema.ts';

/** One `.graphql` file as a tool. */
export interface Operation {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  /** The text of the file, sent to the API as it is. */
  readonly query: string;
}

/** Reads the schema and every operation file; a folder stands for the `.graphql` files in it. Relative paths count from
 * the working directory, as with Apollo's server. Throws {@link CannotStart} with every problem. */
export function readOperations(schemaPath: string, paths: readonly string[]): Operation[] {
  const schema = readSchema(schemaPath);
  const problems: string[] = [];
  const operations = new Map<string, Operation>();
  for (const file of listFiles(paths, problems)) {
    const operation = readOperation(file, schema, problems);
    if (operation === undefined) continue;
    if (operations.has(operation.name))
      problems.push(`${file} has the operation ${operation.name}, which another file has too`);
    operations.set(operation.name, operation);
  }
  if (operations.size === 0 && problems.length === 0) problems.push(`${paths.join(', ')} has no .graphql file`);
  if (problems.length > 0) throw new CannotStart('the MCP server', problems);
  return [...operations.values()];
}

function readSchema(path: string): GraphQLSchema {
  try {
    return buildSchema(readFileSync(path, 'utf8'));
  } catch (error) {
    const problem =
      error instanceof GraphQLFailure ? describeError(error, path) : `the schema cannot be read (${messageOf(error)})`;
    throw new CannotStart('the MCP server', [problem]);
  }
}

function listFiles(paths: readonly string[], problems: string[]): string[] {
  return paths.flatMap((path) => {
    try {
      if (!statSync(path).isDirectory()) return [path];
      const names = readdirSync(path).filter((name) => name.endsWith('.graphql'));
      return names.toSorted().map((name) => join(path, name));
    } catch (error) {
      problems.push(`operations cannot be read (${messageOf(error)})`);
      return [];
    }
  });
}

function readOperation(file: string, schema: GraphQLSchema, problems: string[]): Operation | undefined {
  try {
    const query = readFileSync(file, 'utf8');
    const document = parse(new Source(query, file));
    const found = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    const [operation] = found;
    if (operation === undefined || found.length > 1) throw new Error(`it has ${found.length} operations, expected one`);
    if (operation.name === undefined) throw new Error('its operation has no name, which the tool would have');
    if (operation.operation !== OperationTypeNode.QUERY)
      throw new Error(`it is a ${operation.operation}, expected a query`);
    const errors = validate(schema, document);
    problems.push(...errors.map((error) => describeError(error, file)));
    if (errors.length > 0) return undefined;
    return {
      name: operation.name.value,
      description: readComment(operation) ?? describeFields(operation, schema),
      inputSchema: buildInputSchema(
        operation.variableDefinitions ?? [],
        schema,
        describeVariables(document, operation, schema),
      ),
      query,
    };
  } catch (error) {
    problems.push(
      error instanceof GraphQLFailure ? describeError(error, file) : `${file} is no tool: ${messageOf(error)}`,
    );
    return undefined;
  }
}

function describeError({ message, locations }: GraphQLError, file: string): string {
  const [place] = locations ?? [];
  return `${file}${place === undefined ? '' : `:${place.line}:${place.column}`} ${message.replace(/\.$/, '')}`;
}

/** The comment lines right above a node, as one text. */
function readComment(node: { readonly loc?: OperationDefinitionNode['loc'] }): string | undefined {
  const lines: string[] = [];
  for (let token = node.loc?.startToken.prev; token?.kind === TokenKind.COMMENT; token = token.prev)
    lines.unshift(token.value.trim());
  const text = lines.join('\n').trim();
  return text === '' ? undefined : text;
}

/** What the schema says about the fields an operation asks for. */
function describeFields(operation: OperationDefinitionNode, schema: GraphQLSchema): string {
  const fields = schema.getQueryType()?.getFields() ?? {};
  const sentences = operation.selectionSet.selections.flatMap((selection) => {
    const field = selection.kind === Kind.FIELD ? fields[selection.name.value] : undefined;
    return field === undefined ? [] : [`${field.description ?? field.name} (${String(field.type)})`];
  });
  return sentences.join('\n') || 'A query.';
}

/** A variable's own comment, or what the schema says about the argument or input field it is used for. */
function describeVariables(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  schema: GraphQLSchema,
): Map<string, string> {
  const descriptions = new Map<string, string>();
  const typeInfo = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      Argument({ value }) {
        const description = typeInfo.getArgument()?.description;
        if (value.kind === Kind.VARIABLE && description) descriptions.set(value.name.value, description);
      },
      ObjectField({ name, value }) {
        const parent = typeInfo.getParentInputType();
        const description = parent && 'getFields' in parent ? parent.getFields()[name.value]?.description : undefined;
        if (value.kind === Kind.VARIABLE && description) descriptions.set(value.name.value, description);
      },
    }),
  );
  for (const definition of operation.variableDefinitions ?? []) {
    const comment = readComment(definition);
    if (comment !== undefined) descriptions.set(definition.variable.name.value, comment);
  }
  return descriptions;
}
