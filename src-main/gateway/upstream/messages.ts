import { NucleusError } from '../../../src-shared/errors.ts';
import { encode, isObject, parseWhole, type Params } from '../wire/frame.ts';
import { metaKeys } from '../wire/modern.ts';

/** A message as its line; refused where it cannot be written. */
export function written(message: object, method: string, profile: string): string {
  try {
    return encode(message);
  } catch (error) {
    const why = 'its parameters are nested too deeply; flatten them';
    throw new NucleusError(
      'ARGUMENTS_INVALID',
      `${method} was not sent to ${profile}: ${why}`,
      { profile },
      { cause: error },
    );
  }
}

/** Parameters that ask for progress under a token. */
export function withToken(params: Params, token: number): Params {
  return { ...params, _meta: { ...(params['_meta'] as object | undefined), progressToken: token } };
}

/** Only answers of the modern era say what kind of result they are. */
export function hasResultType(message: Params): boolean {
  return isObject(message['result']) && typeof message['result']['resultType'] === 'string';
}

/** A result of which nothing is written again. */
export function isComplete(message: Params): boolean {
  return isObject(message['result']) && message['result']['resultType'] === 'complete';
}

/** A line that is known to be a message. */
export function wholeOf(line: Buffer): Params {
  return parseWhole(line) as Params;
}

/** The request whose subscription a notification belongs to; NaN, which no request has, where it names none. */
export function subscriptionOf(params: Params | undefined): number {
  const meta = params?.['_meta'];
  const id = isObject(meta) ? meta[metaKeys.subscriptionId] : undefined;
  return typeof id === 'number' ? id : Number.NaN;
}

/** Bytes as people read them. */
export function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

/** Text from outside without control characters, for sentences people read. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/gu, '');
}
