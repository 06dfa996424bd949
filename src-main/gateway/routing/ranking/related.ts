import { stem } from './stem.ts';

/*
 * Words that mean much the same when somebody asks for a tool. General English and computing on purpose: what is special
 * to one service has no place here, its tools say it themselves.
 */
const groups = `
get fetch retrieve read obtain download load
list enumerate browse
show display view
delete remove drop erase destroy purge unlink
create add new make insert generate build
update edit modify change set rename patch alter replace
search find lookup query discover locate
send post publish share deliver
run execute invoke launch start trigger
stop cancel abort terminate halt kill
open access visit navigate
close shut
copy duplicate clone
move transfer relocate
merge combine join concatenate
split divide separate
upload import
save store write persist
check verify validate test
compare diff difference
count number amount total
describe detail info information metadata
summary summarize overview digest abstract
explain clarify
analyze analysis inspect examine analytics
calculate compute calculator math
convert transform translate change
translate translation language
schedule calendar event meeting appointment agenda booking
remind reminder alarm
book reserve reservation booking
directory folder
document file doc
picture image photo photograph
draw drawing paint sketch illustrate
video clip movie film
audio sound
song music track
playlist album
repository repo
branch fork
commit revision changeset
pr pull
issue ticket bug
task todo job
email mail inbox
message chat dm
channel room
user member person people account
profile account
team group
organization organisation company business
customer client
employee staff
database db sql
table relation
row record entry
column field
schema structure
website site web webpage page
url link href
browser web
price cost quote fee rate
currency money exchange forex
payment pay charge transaction
invoice bill receipt
refund reimburse
subscription plan
stock share equity ticker
crypto cryptocurrency bitcoin coin token
invest investment portfolio finance financial
bank banking
chart graph plot diagram visualize visualization
map location place
address location geocode
route direction path navigate
near nearby around
distance far
weather forecast temperature climate
news headline article
paper article publication research
journal literature
book novel
travel trip tour vacation itinerary holiday
flight airline airplane plane
hotel accommodation lodging stay
restaurant dining eat food
recipe cook meal dish ingredient food
nutrition diet calorie
drink beverage cocktail
health medical medicine doctor
drug medication medicine
disease illness condition
fitness workout exercise gym training
sport game match
game play
team club
law legal
house home property apartment
rent rental lease
car vehicle auto automobile
job career employment vacancy
resume cv
school education course class learn
teach tutor lesson
quiz question
answer reply response respond
gift present
shop store product buy purchase shopping
buy purchase order
sell sale
discount coupon deal offer promo
product item goods
review rating feedback
joke humor funny
quote saying
poem poetry
story tale
name title
word term vocabulary
text string content
code program programming script
function method
error exception failure crash
log logs history
metric statistic stats
deploy deployment release
server host machine instance
container docker
password credential secret
login signin authenticate
permission access role
key token
secure security
encrypt encryption cipher
scan detect
date day time
time clock timezone
year annual
latest recent new newest current
trending trend popular hot
top best
random arbitrary
similar alike related
recommend recommendation suggest suggestion advice
idea suggestion inspiration
plan planner
note memo
comment remark
tag label
star favorite favourite bookmark
notify notification alert
subscribe follow
photo camera
phone mobile telephone
country nation
city town
language locale
tax vat
loan mortgage credit
insurance policy
astrology horoscope zodiac
tarot fortune
dream sleep
pet dog cat animal
plant garden
kid child children
baby infant
woman female
man male
domain dns hostname
seo keyword
ad advertisement advertising advertiser marketing
podcast episode
tv television show
channel station
train railway rail
bus transit
color colour
font typography
size dimension
shape form
click press tap
speed fast performance
big large
`;

const related = new Map<string, string[]>();
for (const line of groups.trim().split('\n')) {
  const members = line.split(' ').map(stem);
  for (const member of members) {
    const others = related.get(member) ?? [];
    related.set(member, others);
    for (const other of members) if (other !== member && !others.includes(other)) others.push(other);
  }
}

const nothing: readonly string[] = [];

/** Stems that often stand for this one. */
export function relatedTo(stem: string): readonly string[] {
  return related.get(stem) ?? nothing;
}
