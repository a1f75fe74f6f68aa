"""The words of the English–French pairs, one a line, columns parted by a bar.

Kinds (the last column) say what goes with what: an adjective of the kind `animal` may
describe a noun of that kind. So one English word can have two lines, and the noun
beside it decides: a big dog is gros, a big house is grande.
"""

from functools import cache

# English, its plural | French, its plural | gender | kinds
NOUNS = """
cat cats | chat chats | m | animal chaser pet
dog dogs | chien chiens | m | animal chaser pet
horse horses | cheval chevaux | m | animal tame
mouse mice | souris souris | f | animal prey
bird birds | oiseau oiseaux | m | animal prey
rabbit rabbits | lapin lapins | m | animal prey pet
fox foxes | renard renards | m | animal chaser
cow cows | vache vaches | f | animal tame
pig pigs | cochon cochons | m | animal tame
hen hens | poule poules | f | animal prey tame
duck ducks | canard canards | m | animal prey tame
squirrel squirrels | écureuil écureuils | m | animal prey
owl owls | hibou hiboux | m | animal chaser
hedgehog hedgehogs | hérisson hérissons | m | animal
turtle turtles | tortue tortues | f | animal pet
donkey donkeys | âne ânes | m | animal tame
goat goats | chèvre chèvres | f | animal tame
frog frogs | grenouille grenouilles | f | animal prey
bee bees | abeille abeilles | f | insect
butterfly butterflies | papillon papillons | m | insect
spider spiders | araignée araignées | f | insect

boy boys | garçon garçons | m | person young
girl girls | fille filles | f | person young
man men | homme hommes | m | person
woman women | femme femmes | f | person
mother mothers | mère mères | f | person family single
father fathers | père pères | m | person family single
brother brothers | frère frères | m | person family
sister sisters | sœur sœurs | f | person family
uncle uncles | oncle oncles | m | person family
aunt aunts | tante tantes | f | person family
grandmother grandmothers | grand-mère grands-mères | f | person family single
grandfather grandfathers | grand-père grands-pères | m | person family single
son sons | fils fils | m | person family
daughter daughters | fille filles | f | person family
schoolboy schoolboys | écolier écoliers | m | person young
schoolgirl schoolgirls | écolière écolières | f | person young
policeman policemen | policier policiers | m | person
policewoman policewomen | policière policières | f | person
postman postmen | facteur facteurs | m | person
saleswoman saleswomen | vendeuse vendeuses | f | person
actor actors | acteur acteurs | m | person
actress actresses | actrice actrices | f | person
waiter waiters | serveur serveurs | m | person
waitress waitresses | serveuse serveuses | f | person

apple apples | pomme pommes | f | food fruit
pear pears | poire poires | f | food fruit
orange oranges | orange oranges | f | food fruit
cherry cherries | cerise cerises | f | food fruit
banana bananas | banane bananes | f | food fruit
lemon lemons | citron citrons | m | food fruit
egg eggs | œuf œufs | m | food
cake cakes | gâteau gâteaux | m | food baked
biscuit biscuits | biscuit biscuits | m | food baked
sandwich sandwiches | sandwich sandwichs | m | food
carrot carrots | carotte carottes | f | food vegetable
potato potatoes | pomme_de_terre pommes_de_terre | f | food vegetable
tomato tomatoes | tomate tomates | f | food vegetable
onion onions | oignon oignons | m | food vegetable

ball balls | ballon ballons | m | thing toy coloured
kite kites | cerf-volant cerfs-volants | m | thing toy coloured
doll dolls | poupée poupées | f | thing toy pretty
bag bags | sac sacs | m | thing coloured load
box boxes | boîte boîtes | f | thing coloured load
key keys | clé clés | f | thing small
umbrella umbrellas | parapluie parapluies | m | thing coloured pretty
knife knives | couteau couteaux | m | thing kitchen
plate plates | assiette assiettes | f | thing kitchen coloured
bottle bottles | bouteille bouteilles | f | thing kitchen coloured
cup cups | tasse tasses | f | thing kitchen coloured
spoon spoons | cuillère cuillères | f | thing kitchen
pen pens | stylo stylos | m | thing small coloured
pencil pencils | crayon crayons | m | thing small coloured
ring rings | bague bagues | f | thing small pretty
lamp lamps | lampe lampes | f | thing coloured load pretty
clock clocks | horloge horloges | f | thing load pretty
mirror mirrors | miroir miroirs | m | thing load pretty
picture pictures | tableau tableaux | m | thing load pretty
ladder ladders | échelle échelles | f | thing load
computer computers | ordinateur ordinateurs | m | thing load
flower flowers | fleur fleurs | f | thing plant coloured pretty
watch watches | montre montres | f | thing small pretty

book books | livre livres | m | thing text
letter letters | lettre lettres | f | text
newspaper newspapers | journal journaux | m | thing text
story stories | histoire histoires | f | text told
poem poems | poème poèmes | m | text told
message messages | message messages | m | text told

coat coats | manteau manteaux | m | thing clothing
hat hats | chapeau chapeaux | m | thing clothing
shirt shirts | chemise chemises | f | thing clothing
dress dresses | robe robes | f | thing clothing
skirt skirts | jupe jupes | f | thing clothing
scarf scarves | écharpe écharpes | f | thing clothing
shoe shoes | chaussure chaussures | f | thing clothing

car cars | voiture voitures | f | vehicle
boat boats | bateau bateaux | m | vehicle
bicycle bicycles | vélo vélos | m | vehicle
bus buses | autobus autobus | m | vehicle
lorry lorries | camion camions | m | vehicle
plane planes | avion avions | m | vehicle

house houses | maison maisons | f | place building visited home
school schools | école écoles | f | place building public visited home
church churches | église églises | f | place building public visited known
hotel hotels | hôtel hôtels | m | place building public visited known
hospital hospitals | hôpital hôpitaux | m | place building public
library libraries | bibliothèque bibliothèques | f | place building public visited known
museum museums | musée musées | m | place building public visited known
station stations | gare gares | f | place building public
restaurant restaurants | restaurant restaurants | m | place building public known
factory factories | usine usines | f | place building public
castle castles | château châteaux | m | place building visited known
shop shops | magasin magasins | m | place building public
garden gardens | jardin jardins | m | place outside visited home
park parks | parc parcs | m | place outside visited known
village villages | village villages | m | place visited known home
town towns | ville villes | f | place visited known home
island islands | île îles | f | place visited known
forest forests | forêt forêts | f | place outside
kitchen kitchens | cuisine cuisines | f | place room home
office offices | bureau bureaux | m | place room home
room rooms | chambre chambres | f | place room home

door doors | porte portes | f | opening
window windows | fenêtre fenêtres | f | opening
drawer drawers | tiroir tiroirs | m | opening
cupboard cupboards | armoire armoires | f | opening furniture
table tables | table tables | f | furniture
chair chairs | chaise chaises | f | furniture seat coloured
armchair armchairs | fauteuil fauteuils | m | furniture seat coloured
bed beds | lit lits | m | furniture seat
sofa sofas | canapé canapés | m | furniture seat coloured
mat mats | tapis tapis | m | floor seat
bench benches | banc bancs | m | seat
question questions | question questions | f | matter
exercise exercises | exercice exercices | m | matter
lesson lessons | leçon leçons | f | matter
answer answers | réponse réponses | f | matter
"""

# What is counted in no plural here: English | French | gender | kind
MASSES = """
water | eau | f | drink
milk | lait | m | drink
coffee | café | m | drink
tea | thé | m | drink
lemonade | limonade | f | drink
orange juice | jus_d'orange | m | drink
soup | soupe | f | eaten
bread | pain | m | eaten
cheese | fromage | m | eaten
meat | viande | f | eaten
fish | poisson | m | eaten
salad | salade | f | eaten
rice | riz | m | eaten
jam | confiture | f | eaten
ice cream | glace | f | eaten
butter | beurre | m | eaten
honey | miel | m | eaten
money | argent | m | got
"""

# Friends and neighbours: English says no gender, so a sentence that has one must show
# it elsewhere. English, its plural | man, men | woman, women
NEUTRAL = """
friend friends | ami amis | amie amies
neighbour neighbours | voisin voisins | voisine voisines
cousin cousins | cousin cousins | cousine cousines
student students | étudiant étudiants | étudiante étudiantes
singer singers | chanteur chanteurs | chanteuse chanteuses
dancer dancers | danseur danseurs | danseuse danseuses
baker bakers | boulanger boulangers | boulangère boulangères
farmer farmers | fermier fermiers | fermière fermières
gardener gardeners | jardinier jardiniers | jardinière jardinières
nurse nurses | infirmier infirmiers | infirmière infirmières
"""

# English | masculine, feminine, masculine plural, feminine plural | before or after the
# noun | kinds | after être, where that differs. In capitals, what has two forms before a
# noun: BEAU is bel there.
ADJECTIVES = """
lovely | adorable adorable adorables adorables | after | animal person
cute | mignon mignonne mignons mignonnes | after | animal young
big | gros grosse gros grosses | before | animal food
big | grand grande grands grandes | before | place thing vehicle furniture
tall | grand grande grands grandes | before | person
small | petit petite petits petites | before | animal young place thing vehicle food insect furniture
old | VIEUX vieille vieux vieilles | before | animal person place thing vehicle furniture
young | jeune jeune jeunes jeunes | before | animal person
new | NOUVEAU nouvelle nouveaux nouvelles | before | thing vehicle building furniture | neuf neuve neufs neuves
beautiful | BEAU belle beaux belles | before | animal pretty clothing place vehicle insect told
pretty | joli jolie jolis jolies | before | clothing place toy plant told insect
good | bon bonne bons bonnes | before | food text building matter
bad | mauvais mauvaise mauvais mauvaises | before | food text matter
long | long longue longs longues | before | text matter
short | court courte courts courtes | before | text matter
black | noir noire noirs noires | after | coloured clothing vehicle animal
white | blanc blanche blancs blanches | after | coloured clothing vehicle animal house
grey | gris grise gris grises | after | coloured clothing vehicle animal
red | rouge rouge rouges rouges | after | coloured clothing vehicle
green | vert verte verts vertes | after | coloured clothing vehicle door
blue | bleu bleue bleus bleues | after | coloured clothing vehicle door
yellow | jaune jaune jaunes jaunes | after | coloured clothing vehicle
brown | marron marron marron marron | after | coloured clothing vehicle
brown | brun brune bruns brunes | after | animal
happy | heureux heureuse heureux heureuses | after | person animal
sad | triste triste tristes tristes | after | person animal told
tired | fatigué fatiguée fatigués fatiguées | after | person animal
angry | furieux furieuse furieux furieuses | after | person
funny | drôle drôle drôles drôles | after | person told pet book
kind | gentil gentille gentils gentilles | before | person
clever | intelligent intelligente intelligents intelligentes | after | person animal
famous | célèbre célèbre célèbres célèbres | after | person known book story poem picture
shy | timide timide timides timides | after | person animal
quiet | calme calme calmes calmes | after | person park village garden forest island town animal
curious | curieux curieuse curieux curieuses | after | person animal
brave | courageux courageuse courageux courageuses | after | person
strong | fort forte forts fortes | after | person animal
lazy | paresseux paresseuse paresseux paresseuses | after | person animal
faithful | fidèle fidèle fidèles fidèles | after | pet
patient | patient patiente patients patientes | after | person
honest | honnête honnête honnêtes honnêtes | after | person
polite | poli polie polis polies | after | person
rich | riche riche riches riches | after | person
hungry | affamé affamée affamés affamées | after | chaser
heavy | lourd lourde lourds lourdes | after | load book furniture
light | léger légère légers légères | after | load clothing chair table
clean | propre propre propres propres | after | kitchen clothing vehicle building room town village floor window
dirty | sale sale sales sales | after | kitchen clothing vehicle building room town floor window pet
expensive | cher chère chers chères | after | thing vehicle restaurant hotel
empty | vide vide vides vides | after | place bag box bottle drawer cupboard cup
broken | cassé cassée cassés cassées | after | plate cup bottle toy window chair ladder mirror
fresh | frais fraîche frais fraîches | after | fruit vegetable egg
sweet | sucré sucrée sucrés sucrées | after | fruit baked
round | rond ronde ronds rondes | after | table mirror box plate mat
difficult | difficile difficile difficiles difficiles | after | text matter
easy | facile facile faciles faciles | after | matter
interesting | intéressant intéressante intéressants intéressantes | after | text matter museum
boring | ennuyeux ennuyeuse ennuyeux ennuyeuses | after | text matter
strange | étrange étrange étranges étranges | after | text house castle forest matter
modern | moderne moderne modernes modernes | after | building furniture
comfortable | confortable confortable confortables confortables | after | seat clothing hotel
wonderful | merveilleux merveilleuse merveilleux merveilleuses | after | told book park museum island garden castle
"""

# What is said of someone for now: be it | kinds
STATES = """
ready | prêt prête prêts prêtes
ill | malade malade malades malades
alone | seul seule seuls seules
busy | occupé occupée occupés occupées
surprised | surpris surprise surpris surprises
worried | inquiet inquiète inquiets inquiètes
proud | fier fière fiers fières
jealous | jaloux jalouse jaloux jalouses
happy | heureux heureuse heureux heureuses
tired | fatigué fatiguée fatigués fatiguées
furious | furieux furieuse furieux furieuses
sad | triste triste tristes tristes
"""

# English is, French has: hungry is avoir faim.
HAD = """
hungry | faim
thirsty | soif
cold | froid
hot | chaud
afraid | peur
sleepy | sommeil
right | raison
wrong | tort
"""

# English forms | French infinitive | kinds of the one who does it | of what it is done to
VERBS = """
see sees saw seen seeing | voir | person animal | person animal place load toy vehicle
love loves loved loved loving | aimer | person | family pet tame home told book
like likes liked liked liking | aimer | person | animal told book home clothing food
watch watches watched watched watching | regarder | person animal | person animal insect
look_for looks_for looked_for looked_for looking_for | chercher | person animal | person animal thing
find finds found found finding | trouver | person | animal thing hotel station letter
hear hears heard heard hearing | entendre | person animal | person animal vehicle
follow follows followed followed following | suivre | person animal | person animal vehicle
chase chases chased chased chasing | poursuivre | chaser | prey insect
wait_for waits_for waited_for waited_for waiting_for | attendre | person | person bus plane boat
draw draws drew drawn drawing | dessiner | person | animal insect vehicle building flower person
buy buys bought bought buying | acheter | person | thing vehicle food clothing
sell sells sold sold selling | vendre | person | thing vehicle food
lose loses lost lost losing | perdre | person | small clothing umbrella bag letter
take takes took taken taking | prendre | person | toy small clothing book fruit umbrella bag cup
carry carries carried carried carrying | porter | person | load
wash washes washed washed washing | laver | person | clothing vehicle kitchen window
clean cleans cleaned cleaned cleaning | nettoyer | person | room window vehicle mirror table kitchen
open opens opened opened opening | ouvrir | person | opening bag box letter
close closes closed closed closing | fermer | person | opening bag box
read reads read read reading | lire | person | text
write writes wrote written writing | écrire | person | told letter
finish finishes finished finished finishing | finir | person | book letter story poem lesson exercise
understand understands understood understood understanding | comprendre | person | told book letter matter
forget forgets forgot forgotten forgetting | oublier | person | text matter small
eat eats ate eaten eating | manger | person animal | food
prepare prepares prepared prepared preparing | préparer | person | cake sandwich lesson exercise
choose chooses chose chosen choosing | choisir | person | thing clothing food vehicle
visit visits visited visited visiting | visiter | person | visited
leave leaves left left leaving | quitter | person | place
clear_away clears_away cleared_away cleared_away clearing_away | ranger | person | toy kitchen small clothing book bag
repair repairs repaired repaired repairing | réparer | person | vehicle clock furniture door drawer lamp
drive drives drove driven driving | conduire | person | car bus lorry boat
paint paints painted painted painting | peindre | person | door window furniture boat house
"""

# English forms | French | door window furniture boat house
INTRANSITIVES = """
sleep sleeps slept slept sleeping | dormir | person animal
sing sings sang sung singing | chanter | person bird
dance dances danced danced dancing | danser | person
run runs ran run running | courir | person animal
work works worked worked working | travailler | person
eat eats ate eaten eating | manger | person animal
cry cries cried cried crying | pleurer | person
laugh laughs laughed laughed laughing | rire | person
arrive arrives arrived arrived arriving | arriver | person vehicle
leave leaves left left leaving | partir | person vehicle
fall falls fell fallen falling | tomber | person animal thing
come_back comes_back came_back come_back coming_back | revenir | person animal vehicle
stay_here stays_here stayed_here stayed_here staying_here | rester ici | person animal
go_out goes_out went_out gone_out going_out | sortir | person animal
"""

# Done to oneself in French: English forms | French | kinds
REFLEXIVES = """
get_up gets_up got_up got_up getting_up | se lever | person
wake_up wakes_up woke_up woken_up waking_up | se réveiller | person animal
get_dressed gets_dressed got_dressed got_dressed getting_dressed | s'habiller | person
rest rests rested rested resting | se reposer | person animal
go_for_a_walk goes_for_a_walk went_for_a_walk gone_for_a_walk going_for_a_walk | se promener | person
hide hides hid hidden hiding | se cacher | person animal
stop stops stopped stopped stopping | s'arrêter | person vehicle
"""

NAMES = {
    "m": ("Paul", "Luc", "Jules", "Marc", "Louis", "Adrien", "Émile", "Thomas"),
    "f": ("Anna", "Marie", "Julie", "Emma", "Alice", "Claire", "Inès", "Sophie"),
}

# English | French with its preposition
COUNTRIES = """
France | en France | de France
Italy | en Italie | d'Italie
Spain | en Espagne | d'Espagne
Germany | en Allemagne | d'Allemagne
Portugal | au Portugal | du Portugal
Japan | au Japon | du Japon
Canada | au Canada | du Canada
Morocco | au Maroc | du Maroc
the United States | aux États-Unis | des États-Unis
the Netherlands | aux Pays-Bas | des Pays-Bas
Paris | à Paris | de Paris
London | à Londres | de Londres
Rome | à Rome | de Rome
Brussels | à Bruxelles | de Bruxelles
"""

# Games are played à, instruments de: English | French, with its article as a token
GAMES = """
football | LE football
tennis | LE tennis
chess | LES échecs
cards | LES cartes
hide-and-seek | cache-cache
"""
INSTRUMENTS = """
piano | LE piano
violin | LE violon
flute | LA flûte
guitar | LA guitare
drum | LE tambour
trumpet | LA trompette
"""

# English | French | tenses it goes with
TIMES = """
every day | tous les jours | habit
every morning | tous les matins | habit
on Sundays | le dimanche | habit
in the evening | le soir | habit
now | maintenant | now
at the moment | en ce moment | now
yesterday | hier | past
last night | hier soir | past
this morning | ce matin | past
last week | la semaine dernière | past
two days ago | il y a deux jours | past
tomorrow | demain | future
tonight | ce soir | future
next week | la semaine prochaine | future
in two days | dans deux jours | future
on Monday | lundi | future
"""

NUMBERS = """
two | deux
three | trois
four | quatre
five | cinq
six | six
seven | sept
eight | huit
nine | neuf
ten | dix
"""

# Of the young and the grown
AGES = """
two | deux | young
three | trois | young
four | quatre | young
six | six | young
seven | sept | young
eight | huit | young
ten | dix | young
eleven | onze | young
thirty | trente | grown
thirty-five | trente-cinq | grown
forty | quarante | grown
forty-two | quarante-deux | grown
fifty | cinquante | grown
sixty | soixante | grown
sixty-eight | soixante-huit | grown
"""

# What can't be said of the same thing at once
OPPOSITES = """
big small
old new
old young
clean dirty
long short
easy difficult
light heavy
interesting boring
boring wonderful
happy sad
good bad
lazy strong
old modern
new modern
shy brave
beautiful pretty
lovely cute
happy hungry
happy angry
sad angry
sad funny
boring funny
"""
# But goes between one of the first line and one of the second.
PLEASANT = ["beautiful", "pretty", "good", "clean", "new", "comfortable", "interesting", "easy", "fresh", "wonderful", "lovely", "cute", "funny", "clever", "faithful", "light", "modern", "famous", "strong", "happy", "kind", "brave", "curious"]
UNPLEASANT = ["dirty", "heavy", "expensive", "broken", "difficult", "boring", "strange", "lazy", "shy", "tired", "sad", "old", "bad", "hungry"]

# Where something stands: English | French tokens before the noun's article
POSITIONS = """
in front of | devant
behind | derrière
next to | à_côté de
near | près de
far from | loin de
opposite | en_face de
"""


@cache
def rows(table: str) -> list[list[str]]:
    """The cells of a table above; an underscore keeps words together."""
    lines = (line for line in table.splitlines() if line.strip())
    return [[cell.strip() for cell in line.split("|")] for line in lines]


# What the kinds would allow but nobody says: adjective: nouns
NEVER = {
    "old": "boy girl schoolboy schoolgirl son daughter mother father pig hen",
    "young": "mother father grandmother grandfather son daughter schoolboy schoolgirl",
    "tall": "grandmother grandfather",
    "small": "town",
    "rich": "boy girl schoolboy schoolgirl postman",
    "famous": "boy girl schoolboy schoolgirl postman policeman policewoman waiter "
    "waitress man woman saleswoman",
    "lovely": "fox hen frog man waiter policeman postman father uncle grandfather",
    "brown": "sheep frog turtle owl fox hedgehog",
    "grey": "fox frog hen turtle hedgehog cow squirrel pig",
    "black": "fox frog duck turtle hedgehog squirrel donkey mouse",
    "white": "fox frog turtle hedgehog squirrel",
    "big": "ring watch key pen pencil spoon cherry egg",
    "empty": "island forest office kitchen village park garden",
    "clever": "turtle pig hen frog",
    "broken": "bottle",
}

# A first verb, and what then is done, or isn't, to the same thing.
FOLLOWED = {
    "see": ("follow", "draw", "watch"),
    "hear": ("look for", "not see", "not find"),
    "find": ("take", "sell", "not take"),
    "buy": ("lose", "sell", "not like", "not sell"),
    "take": ("lose", "not lose"),
    "look for": ("find", "not find"),
    "read": ("understand", "not understand", "not finish", "like"),
    "write": ("finish", "not finish", "sell"),
    "repair": ("sell", "not sell", "clean"),
    "open": ("clean", "not close"),
    "choose": ("buy", "not buy", "take"),
    "watch": ("draw", "follow", "not follow"),
    "wash": ("clear away", "not clear away"),
    "visit": ("draw", "like", "not like"),
    "prepare": ("finish", "eat", "not finish"),
    "follow": ("lose", "not find"),
}
