/*
 * The words in which people speak of their accounts. Each line of kinds holds what is said for one kind of account, in
 * one or more words ("united-states"); an alias, or a part of one, is also meant by the other words of its lines.
 */
const kinds = `
prod production prd live
staging stage stg
dev development develop
test testing tests
qa quality-assurance
uat acceptance user-acceptance
preprod pre-production preproduction pre-prod
perf performance
sandbox sandboxed playground
demo demonstration
work office company job business corporate employer professional workplace
office work company job business corporate
company work corporate business
business work company corporate
personal private own home
private personal own
home household personal private family
family household home
eu europe european
us usa america american united-states
uk britain british united-kingdom
de germany german
fr france french
jp japan japanese
ca canada canadian
au australia australian
apac asia asian asia-pacific
emea europe
backup backups fallback standby
replica replicas replicated
primary main principal
main primary principal
secondary alternate alternative
archive archived archives archival
default standard usual
old legacy former
legacy old
local localhost
remote hosted
client customer
customer client
school university college uni campus
university uni school college
freelance freelancing contractor
internal inhouse in-house
public external
canary beta
ci continuous-integration
dr disaster-recovery
admin administrator
shared common team
team shared
ops operations
eng engineering
hr human-resources
marketing promotion
support helpdesk
finance accounting
`;

const wordsFor = new Map<string, readonly (readonly string[])[]>();
for (const line of kinds.trim().split('\n')) {
  const [name = '', ...others] = line.split(' ');
  wordsFor.set(
    name,
    others.map((other) => other.split('-')),
  );
}
// What is said for an account may be its very name: "production" is meant by "prod" too.
for (const [name, others] of Array.from(wordsFor)) {
  for (const [only = '', ...rest] of others) {
    if (rest.length > 0 || wordsFor.has(only)) continue;
    wordsFor.set(only, [[name], ...others.filter((other) => other.join('-') !== only)]);
  }
}

/** Other words for an alias or a part of one. */
export function saidFor(name: string): readonly (readonly string[])[] {
  return wordsFor.get(name) ?? [];
}

/** Whether a word of an alias is an everyday one, which names an account only where the sentence says so. */
export function isOrdinary(word: string): boolean {
  return ordinary.has(word);
}

const ordinary = new Set(
  (
    'main default work personal test tests testing home live backup backups primary secondary archive archived archives ' +
    'demo office company job business private own development develop stage us usa in it me my all one two three new old ' +
    'local remote shared public internal external client customer team admin user root master performance perf standard ' +
    'usual family school university college support marketing sales finance accounting engineering operations legal ' +
    'people common hosted professional principal alternate alternative acceptance former legacy school asia america ' +
    'american european europe german germany french france japan japanese canada canadian australia australian british ' +
    'britain asian de ca au is at to do be by or so up no on an as if we he first second third a b c x y z read write ' +
    'data store app web api blog shop next last big small fast free pro plus basic group org corporate dev-ops ' +
    'replica replicas replicated fallback standby beta canary playground demonstration promotion quality general other'
  ).split(' '),
);

/** Nouns for an account, after its name or after "all". */
export const accountNouns = new Set(
  (
    'account accounts profile profiles login logins workspace workspaces environment environments env envs project ' +
    'projects instance instances tenant tenants org orgs organization organizations organisation organisations ' +
    'connection connections credential credentials identity identities installation installations deployment deployments'
  ).split(' '),
);

/** Nouns that make a name before them an account's: "the prod database", "the live one". */
export const nounsAfterName = new Set([
  ...accountNouns,
  ...'one ones side setup database databases db server cluster site system stack tier'.split(' '),
]);

/** Words that lead to where something happens. */
export const prepositions = new Set(
  'on in for using use via with from as at to under against inside within through into onto across per of between compare'.split(
    ' ',
  ),
);

/** Words between a preposition and a name. */
export const determiners = new Set('the my our your this that its their his her a an only just'.split(' '));

/** Words that join two names, or a name and what follows. */
export const joiners = new Set(
  'and or vs versus with to against nor but not than both plus then please only instead rather compared except as well'.split(
    ' ',
  ),
);

export const negators = new Set(
  (
    'not no never except excepting excluding exclude excludes without avoid skip skipping ignore ignoring dont doesnt ' +
    'isnt wont cant nor neither unlike minus'
  ).split(' '),
);

/** Verbs that "not" belongs to when they stand before it. */
export const auxiliaries = new Set(
  'do does did is are was were will would can could should must may'.split(' '),
);
export const contractions = new Set(
  'dont doesnt didnt isnt arent wont wouldnt cant couldnt shouldnt'.split(' '),
);

/** Two words that negate what follows, and the second of them alone does not. */
export const negatingPairs = new Set([
  'other than',
  'rather than',
  'instead of',
  'apart from',
  'aside from',
  'away from',
  'out of',
  'all but',
  'everything but',
  'everywhere but',
  'accounts but',
  'profiles but',
  'account but',
  'profile but',
]);
