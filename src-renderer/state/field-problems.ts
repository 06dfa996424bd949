import type { NucleusError } from '../../src-shared/errors.ts';
import type { AddDraft, FieldProblems } from './add-request.ts';
import { sentence } from './words.ts';

/** Which field of the form an answer of the gateway is about. What is about none stands above the button. */
export function fieldProblems(error: NucleusError, draft: AddDraft): FieldProblems {
  return { [fieldOf(error, draft)]: wording(error, draft) };
}

function fieldOf(error: NucleusError, draft: AddDraft): string {
  const isCommand = draft.connector === null && draft.url === null;
  const isOwn = draft.connector === null;
  const { code } = error;
  if (code === 'PROFILE_EXISTS') return 'name';
  if (code === 'NAME_INVALID')
    return isOwn && error.message.includes('invalid connector') ? 'connector' : 'name';
  if (code === 'METADATA_INVALID') return metadataField(error, draft);
  if (code === 'SECRET_REQUIRED' || code === 'SECRET_MISSING') return secretField(error, draft);
  if (isOwn && (code === 'CONNECTOR_UNKNOWN' || code === 'CONNECTOR_INVALID')) return 'connector';
  return isCommand && code === 'UPSTREAM_SPAWN_FAILED' ? 'command' : 'form';
}

function metadataField(error: NucleusError, draft: AddDraft): string {
  const { key } = error.data;
  const field = draft.connector?.metadata.find((one) => one.key === key);
  return field ? `metadata.${field.key}` : 'form';
}

/** The error names the secret in its data, or first in its sentence. */
function secretField(error: NucleusError, draft: AddDraft): string {
  const isNamed = (name: string): boolean =>
    name !== '' && (error.data['secret'] === name || error.message.startsWith(`${name} `));
  const secret = Object.keys(draft.secrets).find(isNamed);
  if (secret !== undefined) return `secret.${secret}`;
  const row = draft.secretEnv.findIndex(({ name }) => isNamed(name));
  return row === -1 ? 'form' : `secretEnv.${row}`;
}

/** The gateway speaks to the command line too; here its flags mean nothing. */
function wording(error: NucleusError, draft: AddDraft): string {
  const id = `${draft.connector?.name ?? draft.connectorName}:${draft.name}`;
  if (error.code === 'PROFILE_EXISTS') return `${id} is there already. Pick another name.`;
  if (error.code === 'SECRET_REQUIRED') return 'It is needed.';
  if (error.code === 'METADATA_INVALID')
    return sentence(error.message.replace(/^metadata field "[^"]*" /, 'it '));
  return sentence(error.message);
}
