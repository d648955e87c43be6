"""Ordinary English words, and some of other languages, that look like a misspelt command and are none.

Correcting one of these would turn talk about something else into a motion: "light" into "right", "closet" into "close".
"""

from __future__ import annotations

ORDINARY = frozenset(
    """
    abajo abre abrir abroad account across actions acton adelante adentro advanced advances advice afar affair afford
    afuera against ago aha aid aim air alert algo alike alive alone aloud already alter altered although alto always
    among amp ankle anyway apply aren arena arise arises arising arms army arriba arts ascent assist atop atras attack
    auction author avance avancer avancez avant avanti await awake award awards aware awful babe backdrop backed
    backfire backhand backs backspin backup backyard bag bait bake baked balance bald bale ban band bang bank banks bar
    bark barley bas based bases basic basis bass bat batch bath beam bean bear beat beck bed bee beef beer bees
    beginnings being bell belly belt bench bend bent berry best bet bewege bias bike bill bin bind bird birth bite
    bites bitten bitter black blade bland blank bleed bless blind bling blink blond blood bloom blow blown blue board
    boat bold bolt bomb bond bone bones book boot booth border bore bored boring born boss bother bought bound bow bows
    boy brain brake branch brand brave bread break breakup breath breed brief bright brings brink brit broad broke
    brook brother brown brunch brush buck bud bug build bull burn bush busy butch butt buy cab cable cage cake call
    calm came camp camping cancels cancer cane cans cant cap cape card care carl cars cart carve case cash cast castle
    casually cat catchy caught causes cave cell cent central cents cerca cerrar chain chair chalk champ change chap
    chase cheap cheat check cheese chess chest chew chief child chill chin chip choice choose chooses choosing chose
    chosen church cierra cierre circles city clad claim clam clan clap class clay clays clean cleaner clear clears
    clerk clever click cliff clinch clocks clone cloned closes closest closet closeup cloth clothes cloud club clue
    coach coal coast coat code coding coin cold color colour comeback compete competed competes completer completes
    complex compute concrete contain contest continent continued continues continuum controls cooked coping copper copy
    corn corner cost costume couch cough couldn count county coupe coupled couples courage court cow crab crack crash
    crawl crazy cream create creek crew crime crisp crop cross crossing crow crowd crown crude cruel crush cry curb
    cure curl curry curse curve cut cute dad daily damn damp dance danger dare dark dart data date dawn day dead deaf
    death debt decide deck decree deed deem deer defaults defend degrade delay demand den dense dent deny depend
    derecha derecho descent desk destra detente dial diary diet dig digs dim dime dine dinner dirt dirty disc dish disk
    displaced display displaying dispose dive diver diving dock does dog dogs doll dolls dome dong donor dont donut
    doom dope dose dot dots doubt dough dove download downright downs downtown dozens draft drain drama drank drawings
    drawn dread dream drehe drehen dress dried drill drilling drink drip dripping driven driver drives droit droite
    drone dropdown dropout drops drove drown drug drum drunk dry duck due dull dumb dump dune dusk dust duty each eager
    ear early earn ears earth ease eases easily east eat edge egg eject elder elect elevated elevator elite else empty
    ends enjoy enter entirety entry episodes equal error erupt escape etwas even event every exact exam excel exit
    expand expect extends extras eye eyes fab face fact faction fade fail faint faith fake fall falls false fame family
    fan fancy farm farmer fashion fat fate father fault favor fear feast feat fed fee feed feel feels fees fell felt
    fence ferme fermer fest fetch fever fiat field fierce fife fifth fight fights figure file files fill filly film
    filter final find finder finders finds finer fingerprint finisher finishes finite finnish fire firm fish fits fives
    fix flag flame flash flat flavor flaw fled fleet flesh flew flight flip float flock flood floor flour flow flower
    flown flu fly foam focus fog foil folk folly font food fool football fore forever forge forget forgot form formal
    former forms fort forte forum forwarded fought foul found frame frank fraud freak freeze french frequent fret
    friction fridge fright fringe frog frost frozen fruit fry fuel full fun fund funny fur fury fuse future gain gains
    gait gallery gap gasp gate gauche gave gaze gear gem gene getaway ghost gift gira girar gire girl giu given giver
    gives glad glance glass glider gloom glory glove glow glue goals goat gold golden golf gone gorge grabs grace grad
    grade grain gram grand grant grape graph grass grave gravity gray grease greed green greet greifer grew grey grid
    grief grill grim grin grind gripe grips grit groan groin gross ground group grove grow growl grown grub guard guest
    guided guides guild guilt guise gulf gum gun guy guys habit had hadn hail halb hale hall halt ham hammer handle
    handles handover handsome handy hanger hangs hank hanks happy harbor hard harm harsh haste hat hatch hate haunt
    haut hawk hay haze heal heap hear heard heart heat heaven heavy hedge heel heir heist held hell helm help hen herb
    herd hero hid hide high hike hill hind hint hinten hinunter hip hire hired history hit hive hobby hoch hogs holds
    hole holes holiday hollow holy homer homes hone honey hood hook hop hope hopes hoping horn horse hose host hosting
    hot hotel hour hours house hove hover howl hug hum human humble humor hundreds hung hunt hurry hurt hut ice icon
    idea idle idol ill image inclined income increase incredible index indoor infant info initially inline inner input
    insect inside insight insist install instant instructional instructions intact intend intent invent invite iron
    island itch ivory izquierda izquierdo jail jam jams jars jazz jet join joke joy judge juice jump june jury justice
    keen kept kettle key kick kid kids king kiss kit kite knee knew knife knit knob knock knot known lab labor lace
    lack ladder lady laid lake lamb lamp land lane laps lash lasse lasso lasted late later laugh lava law lawn laws lay
    layer layers lazy leaf leak lean leap learn lease leash leather leave leaves led lee leeks leftover leftovers lefty
    leg legal legs lemon lend lens lent lento lest lets letter lettuce levanta lever liar liberty lice lick lie lied
    lies life lifter liftoff lifts light lighter lights liked likely likes lime limit limp line lined linen liner lines
    lineup link linke links lint lion lip lips list listed listen listing lists lit lite live lived liver lives living
    lizard loaf loan lobby lobster local lock locks loft lofty log logic logo lone lonely look looks loop lord lose
    loser loss lost lotion lotus loud lounge love lovely lover low lowers lows loyal luck lucky luggage lunch lung lure
    lust lying mach mad made magic maid mail main maker makeup male males mall mane mango manipulation manner map march
    mare marginal market marry mash mask mass mast master mat match mater math matter mayor maze meal meat medal meet
    melon melt member memo memory men mend menu mercy mere merge merit merry mess met metal meteor metro mice mid mild
    milk mill mills mine mines mint mire mirror miss missions mist mistaken mistakes mix mixed mixes moan mob mock mode
    model moist mold mole molto mom money monk monkey monte montez month mood moon moral mores morn morning morse
    mosque moss most moth mother motor mount mountain mouse mouth moved mover movers moves movie movies mow mowing
    mucho muck mud mueve muevete mule munch murder muscle museum music mute myth nach nail name nap narrow nasty nation
    nature navy near neat neck needed needle needy neighbor nerd nerve nest net news newt niece night nights nod noise
    nonce none noon norm north nose notable note noted notes noticeable noting notion nouns nowhere nuclear nude null
    nun nurse nut oak oar oath oats oben obey occur ocean odd odds odor offen offer office often oil old olive omen
    omit onion opener openings opens openup opera operate operational operations opinion opponent oppose opposed
    opposing opposite opposition opt option orange orbit order organ origin originally originals other ought ounce our
    oust outright ouvre ouvrir oval oven overall overhand overhead overleft overs owe owed owl own owner pace pack
    packed packet pact pad page paid pail pain paint pairs palace pale palm pan panda pane panel pants paper para
    parade parar parcel pardon pare parent parks parse parsed parsing party pass passed passing past paste pat patch
    path patient paw pay peace peach peak pear peck pedal peel peer people per perch perk pet phone photo piano picked
    picks pickup pie pier pig pile pill pillar pillow pilot pin pine pink pint pinza pioneer pipe pirate pit pitched
    pitcher pitchers pity pizza place plague plain plan plane planet plank plant play player plaza plea plead pleasant
    pleased pleasure pledge plot plough plug plugs plum plush pocket poco poem poet pointed points poise poison poke
    poker pole poles police policy polite poll polling polls pond pony pool poor pop pope porch pork port posed poses
    posh positions post pot potato pouch pound pour pousse powder power praise pray precious prende present presents
    prevents prey price prick pride prime prince print prior prison prize problem proceeds processed profit prone proof
    prose proud prove pub public puck pullback pulled puller pullover pulls pullup pulp pulse pump punch punching pup
    pupil puppet pure purse pushback pushed pusher pushes pushup puzzle quail quake quarrel quarry quart quartet queen
    query quest quiet quilt quit quiz quote race rack radar radial radiant radio raft rag rage rags raid raided raids
    rail rain rained raining rainy raiser raises raisin rally ram ran ranch random rang rank rant rare rash rat rate
    rates rating ratio rats rauf raw ray rays reaches react reacted reacting reacts read reader reads real realty reap
    reason rebel recall recap recht rechts recipe record recover recreating recule reculer reculez red reds reduce reef
    reel refer reform refuse regain regard region regret reign rein reins relate relay released releases relief
    relocated rely remains remark remind remote remove rend rent rented renting reopens repair repeal repeats reply
    report rescue resist resolution resolutions resort rests result resumed resumes retail retain retained retire
    retort returned returns reveal revealed revelations revenge revere reversed reverses review revise revived rhyme
    ribbon rice rich rid riddle ride rides ridge riding rifle rift righteous rights rigid rim rime ring rinse riot rip
    ripe risen rises risk risking risks risky rite rites ritual rival river riverside roach road roads roam roar roast
    rob robe robes robin robots rock rocket rod rode rods rogue role roles rolled roller rollover rolls rollup roman
    roof rook room root roots rope rose rotated rotates rotten rough round rounds rout route routed row royal rub ruby
    rude rug ruin rule rules rum rumor run running runter rush rust rut sack sad saddle safe sage sail saint sake salad
    sale salt sand sang sank sauce save saw say scan scar scare scarf scene scent schliess schliessen school science
    scold scoop scooter scope score scorn scotch scout scouting scrap scratched scream screen screw script sea seal
    seam search season seat seating seats secret sect seed seeding seek seem seen seine seized seizes self sell sense
    sensing sent servant serve sets settle sevens seventh sever several severe sew sex shadow shaft shake shall shallow
    shame shape share shark sharp shat shave shed sheep sheer sheet shelf shell shelter shield shifted shifts shifty
    shin shine ship shirt shock shoe shook shoot shooting shore shot shots shoulder shout shouting shovel show shower
    shred shrimp shrub shrug shun shutdown shuts shutter shy sick sides siding siege sigh sight sign silent silk silly
    silver similar sin since sing singer single sinistra sip sister site sites sits size sized skate sketch ski skill
    skin skip skirt skull sky slab slack slam slap slash slate slave slaw sled sleek sleep sleeve slept slice slid
    slider slides slim slime sling slip slipped slipping slit slope slot slower slowing slum sly smalls smart smash
    smell smells smile smoke smooth snack snail snake sneak snow soap soar sob soccer social sock soda sofa soft soil
    sold sole solid soltar solve son song sore sorrow sorts soul sound soup sour south space spade spain spam spanning
    spare spark speak spear special speed spell spend spending spent sphere spice spider spill spine spins spirit spit
    splash split spoil spoke sport spot spray spreads spring sprint spun spur spy squad squared squares squash squeak
    squeezed squid squire stab stable stack staff stage stain stair stake stale stall stands star stare starred starts
    state steak steal steam steel steep steer stem stepped stepper steps stern steven stew stick stiff sting stir stock
    stole stolen stomach stomp stone stood stool store storm story stout stove strand strange straw stray stream street
    stress stretched stretches strict stride strike string strip stripe strive stroke strong struck strut stuck student
    study stumble stun stunt style sube subtle such suck sudden suelta suffer sugar suit sum summer sun sung sunk
    superb supper supply surf surge swallow swam swamp swan swap swarm swatch sway swear sweat sweep sweet swell swept
    swift swim swing swore sworn tab table tack tackle tactic tail takeaway tale talk tall tame tank tap taped tapes
    tapping tar target taste taught tax taxi tea teach team tear tease teen teens teeth temper temple tempt tend tennis
    tense tent tents term terms tern terns terrain test text than thaw theft theme theory thereby these thick thief
    thigh thin things thinks thirst thirsty though thought thousands thread threat threw thrill thrive throat throne
    throng throw thrown thrush thrusts thud thug thumb ticket tickle tide tidy tie tier ties tiger tighter tights tile
    tiles tiling till tilted tilts timber tin tins tint tinted tips tire tired tirez title toad toast today toe toes
    told toll tomb tone toned tones tong tongue tonight took tools tooth topic topping torch torn tossed total touched
    tough tour tourne tourner tow towel tower town trace track trade trail train trait tram transit translated
    translates translation translations transported transporter trap trash travels tray tread treat tree trees tremble
    trend trial tribe trick tries trim trio trip tripping trips trot trout truce truck true trunk trust truth tub tube
    tuck tulip tumble tuna tune tuned tunes tuning tunnel turf turkey turnaround turndown turned turner turnip turnoff
    turnout turnover turnup turtle tutor twig twilight twin twins twisted twister twists twit twitch type ugly ulcer
    unable uncle under undone unfair unfold uniform union unique unit unite unity unless unlike unlock unten untie
    until unto unusual upbeat update upfront uphill uphold upload upon upper upright uproar upset upside uptown urban
    urge used user usual utter vague vain valley valve van vary vault veal veil vein vent verb verbs verge vers verse
    versus vest vet vex vice view vile villa vine violet vision visit voice void volt vor vorne vorwarts vote vow wade
    wag wage wagon waist waited waiter waits wake walk wall walls walnut wand wander wanted wants war ward warm warn
    wart wary wash wasp waste watch water wave waves wavy wax weak wealth weapon wear weary weather weave web wed
    wedding wedge weed week weep weg weigh weight weird weiter welcome weld went west wet whale wheat wheel whether
    while whim whine whip whirl whiskey whisper whistle white whoever whom whore whose why wicked wider width wife wig
    wild willow wilt wimp win wind window wine wing wink winter wipe wiped wire wired wit witch withdrawn within
    witness wives woke wolf woman womb won wonder wont wood wool word words wore works world worm worn worry worse
    worst worth wouldn wound wrap wreck wren wrench wrestle wrists write writes writing written wrong wrote yacht yarn
    year yell yellow yield yoga yolk young youth zeros zip zone zoo zu zuruck
    """.split()
)
