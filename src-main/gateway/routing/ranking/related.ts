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
speed fast performance
big large
football soccer sport league
basketball sport league
tennis cricket baseball hockey rugby sport
sport league tournament championship season
score result match game
player athlete
race racing
lottery lotto jackpot
puzzle riddle trivia quiz
chess game board
horse equine
surf wave
ski snow
rain precipitation weather
wind weather
sunrise sunset sun
moon lunar
earthquake seismic
space astronomy planet star
holiday festival celebration
birthday anniversary
wedding marriage
dating relationship romance
love romance
friend contact
phone call dial
sms message text
voice speech audio
speak speech tts
transcribe transcript transcription caption subtitle
lyric song
artist singer band musician
concert show event ticket
theater theatre cinema
actor actress cast
director filmmaker
genre category type kind
category categorize classify classification
series show tv episode
anime manga cartoon
celebrity star
fashion clothing clothes outfit wear style
shoe sneaker
beauty cosmetic makeup
hair haircut salon
furniture interior decor
apartment flat house
mortgage home
neighborhood neighbourhood area
area region zone
state province
continent country
capital city
airport flight
seat cabin
passenger traveler traveller
driver ride taxi cab uber
ride trip taxi
traffic road congestion
parking park
fuel gas petrol
charge charging ev
bike bicycle cycling
hike hiking trail outdoor
beach sea
museum gallery art
art painting artwork
landmark attraction sightseeing tourist
coffee cafe
wine alcohol
beer alcohol
vegetarian vegan
grocery supermarket food
allergy allergen
calorie nutrient nutrition
weight bmi
sleep rest
meditation mindfulness relax
therapy therapist counseling mental psychologist
hospital clinic
dentist doctor
symptom diagnosis
patient health
gene genetic dna genome
protein molecule
chemical chemistry compound
biology biomedical
physics science
science scientific research
experiment study
study research learn
university college school
student pupil
exam test grade
homework assignment
essay write
grammar spelling proofread
word dictionary definition synonym
define definition meaning
meaning definition
acronym abbreviation
citation cite bibliography
library book
author writer
publisher publication
magazine article news
blog post article
write writing writer compose draft
content copy text
slogan tagline headline copywriting
marketing promotion campaign ad
brand company logo
logo icon brand
competitor competition rival
lead prospect sale
crm customer contact
sale revenue
revenue income earning
profit margin earning
expense cost spending
budget expense
salary wage pay compensation
payroll salary
accounting ledger finance
dividend stock
option derivative
bond treasury yield
etf fund
commodity gold silver metal
gold metal
interest rate
inflation economy economic
gdp economy
wallet balance
balance account
blockchain crypto ethereum web3
nft token
trade trading exchange market
market exchange
forecast predict prediction
predict prediction estimate
estimate approximate estimation
probability chance statistic
statistic data
data dataset
average mean
sum total add
equation formula math
solve solution answer
integral derivative calculus
matrix vector
geometry area
triangle circle
unit measurement measure
measure measurement metric
temperature celsius fahrenheit
length height
weight mass
timer countdown stopwatch
birthday age
age old
gender sex
name person
person human people
population demographic census
government federal public
election vote politic
politician president congress
bill legislation law
court case legal
lawyer attorney legal
contract agreement legal
patent trademark
visa passport immigration
crime police
emergency urgent
safety safe secure
virus malware antivirus
vulnerability cve exploit security
attack threat security
firewall network
network connection internet
internet web online
ip address network
port network
proxy vpn
dns domain
ssl tls certificate
hash checksum
uuid guid identifier
identifier id
number digit
barcode qr code
qr code scan
pdf document
word docx document
excel spreadsheet sheet xlsx
sheet spreadsheet
csv spreadsheet table
slide presentation powerpoint ppt
presentation slide deck
markdown md
html web
json data
xml data
yaml config
config configuration setting
setting preference option configuration
template boilerplate
form survey questionnaire
survey poll
vote poll
signature sign
print printer
paragraph text
line row
cell row column
background wallpaper
crop resize
resize scale
filter effect
watermark overlay
screenshot capture image
capture record
record recording
camera webcam
gif animation
animation animate
avatar profile picture
meme funny image
emoji sticker
palette color theme
theme style
icon symbol
mindmap diagram
flowchart diagram
timeline history
graph network
node vertex entity
edge relation link
entity node object
knowledge information wiki
wiki wikipedia encyclopedia
fact information
remember memory store
memory recall remember
forget delete
history past previous
version revision
tag version
diff change
change modification
undo revert reset
reset revert
staged index
branch checkout
clone copy
fork clone
contributor author
star trending
package library module dependency
dependency package
library framework
framework library
component element
element component node
button click
click press
type enter input
input field
scroll page
tab window
window app
application app software
software program app
device hardware
sensor device
light lamp
home smart
smart iot
robot automation
automate automation workflow
workflow pipeline process
pipeline ci build
job task cron
queue message
topic subject theme
event webhook trigger
webhook callback
api endpoint service
service api
request call
response reply
status state
state status condition
available availability stock
inventory stock
shipment shipping ship delivery package parcel
delivery ship deliver
track tracking trace follow
package parcel
courier carrier shipping
order purchase
cart basket
checkout pay
promo coupon
voucher coupon gift
membership subscription member
donate donation charity
volunteer charity
news latest
breaking news
opinion sentiment
sentiment emotion mood
emotion feeling mood
tone style
personality trait
compatibility match
match find
nearest closest near
radius distance
coordinate latitude longitude location geocode
latitude coordinate
map geographic
elevation altitude
postal zip postcode
street address road
venue location place
place poi location
opening hour
menu food dish
reservation table
guest visitor
host server
room hotel
rental rent
airbnb homestay rental
homestay accommodation
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
