# ruff: noqa: E501
"""Names and addresses of the invented buyers, each country in its own script. Every person is made up.

In patterns ``#`` is any digit, ``%`` a digit from 1 to 9 and ``?`` a capital letter.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """A country's people: given names, surnames, streets, (city, region, postal code), second lines, phone."""

    code: str
    given: tuple[str, ...]
    surnames: tuple[str, ...]
    streets: tuple[str, ...]
    cities: tuple[tuple[str, str, str], ...]
    second_lines: tuple[str, ...]
    phone: str
    surname_first: str | None = None


def _country(
    code: str, given: str, surnames: str, streets: str, cities: str, second: str, phone: str,
    surname_first: str | None = None,
) -> Country:  # fmt: skip
    towns = [tuple(part.strip() for part in city.split(",")) for city in cities.split(";")]
    return Country(
        code=code,
        given=tuple(given.split(";")),
        surnames=tuple(surnames.split(";")),
        streets=tuple(streets.split(";")),
        cities=tuple((town[0], town[1], town[2]) for town in towns),
        second_lines=tuple(second.split(";")),
        phone=phone,
        surname_first=surname_first,
    )


_COUNTRIES = (
    _country(
        "US", "Olivia;Marcus;Harper;Tyrone;Madison;Ethan;Grace;Diego;Hannah;Caleb;Naomi;Wyatt",
        "Whitaker;O'Connor;Delgado;Thompson;Nakamura;Freeman;Kowalski;Brooks;Castillo;Hughes;Patel;Lindgren",
        "%## Maple Avenue;%### Oak Ridge Drive;%## W 4%th Street;%### Sunset Boulevard;%# Harbor View Lane;%### County Road ##",
        "Austin,TX,787##;Portland,OR,972##;Brooklyn,NY,112##;Tampa,FL,336##;Columbus,OH,432##;Boise,ID,837##;San Jose,CA,951##;Nashville,TN,372##;Honolulu,HI,968##;Dover,DE,1990#",
        "Apt %#;Suite %##;Unit %?;Floor %",
        "+1 5##-555-01##",
    ),
    _country(
        "CA", "Liam;Chloé;Noah;Amélie;Owen;Maya;Étienne;Isla", "Tremblay;MacDonald;Gagnon;Singh;Roy;Campbell;Bouchard;Wong",
        "%## Rue Saint-Denis;%### Granville Street;%## Portage Avenue;%### Bloor Street West",
        "Montréal,QC,H2X %?%;Vancouver,BC,V6B %?%;Toronto,ON,M5V %?%;Winnipeg,MB,R3C %?%;Halifax,NS,B3J %?%",
        "Apt %##;Unité %#;Unit %", "+1 4##-555-01##",
    ),
    _country(
        "MX", "José Luis;María Fernanda;Alejandro;Ximena;Raúl;Guadalupe", "Hernández Ríos;García López;Muñoz Peña;Ramírez;Ibáñez;Cárdenas",
        "Av. Insurgentes Sur %###;Calle Hidalgo %##;Blvd. Agua Caliente %###;Calle 6# No. %##",
        "Ciudad de México,CDMX,06%##;Guadalajara,Jalisco,44%##;Mérida,Yucatán,97%##;Monterrey,Nuevo León,64%##",
        "Int. %;Depto. %#;Col. Centro", "+52 55 %### ####",
    ),
    _country(
        "BR", "João;Luiza;Thiago;Beatriz;Caíque;Antônia", "da Conceição;Gonçalves;Araújo;Magalhães;Nóbrega;dos Santos",
        "Rua das Acácias, %##;Avenida Brasil, %###;Travessa São José, %#",
        "São Paulo,SP,01%##-###;Florianópolis,SC,88%##-###;Belém,PA,66%##-###", "Apto %##;Bloco ?;Casa %", "+55 11 9%###-####",
    ),
    _country(
        "CL", "Matías;Javiera;Benjamín;Catalina", "Peñaloza;Muñoz;Contreras;Núñez",
        "Av. Providencia %###;Pasaje Los Aromos %##", "Santiago,Región Metropolitana,75####;Valparaíso,Valparaíso,23####",
        "Depto %##;Oficina %#", "+56 9 %### ####",
    ),
    _country(
        "GB", "Amelia;Alfie;Poppy;Rhys;Imogen;Callum;Siân;Tariq", "Ashworth;Pemberton;Llewellyn;MacLeod;Okafor;Fairclough;Hussain;Penrose",
        "%# Church Lane;%## High Street;Flat %, %# Victoria Road;%# The Crescent;Rose Cottage, Mill Lane",
        "Leeds,West Yorkshire,LS% %??;Cardiff,Wales,CF% %??;Glasgow,Scotland,G%% %??;London,Greater London,SE%% %??;Truro,Cornwall,TR% %??",
        "Flat %;First Floor;c/o The Old Post Office", "+44 7700 900###",
    ),
    _country(
        "IE", "Aoife;Cillian;Saoirse;Fionn", "Ó Briain;Ní Mhurchú;Gallagher;Kavanagh",
        "%# Grafton Street;%# Sráid na Siopaí;The Glebe", "Dublin,Co. Dublin,D0% ?%?%;Galway,Co. na Gaillimhe,H91 ?%?%;Cork,Co. Cork,T12 ?%?%",
        "Apartment %;Árasán %", "+353 85 555 ####",
    ),
    _country(
        "DE", "Lukas;Mia;Jürgen;Käthe;Sören;Anneliese;Björn;Yasemin", "Müller;Schäfer;Großmann;Weiß;Köhler;Yılmaz;von Hagen;Böttcher",
        "Lindenstraße %#;Königsallee %##;Am Alten Markt %;Schützenweg %#a;Straße des 17. Juni %##",
        "Berlin,Berlin,10%##;München,Bayern,80%##;Köln,Nordrhein-Westfalen,50%##;Dresden,Sachsen,01%##;Lübeck,Schleswig-Holstein,23%##",
        "Hinterhaus;2. OG links;c/o Müller;Packstation %##", "+49 15%# 555####",
    ),
    _country(
        "AT", "Leopold;Magdalena;Xaver;Veronika", "Gruber;Pühringer;Hölzl;Österreicher",
        "Mariahilfer Straße %##;Getreidegasse %#", "Wien,Wien,1%%0;Salzburg,Salzburg,50%0;Graz,Steiermark,80%0", "Stiege %/Tür %#;Top %#", "+43 660 555####",
    ),
    _country(
        "CH", "Reto;Zoé;Urs;Chiara", "Zürcher;Aebischer;Bernasconi;Rüegg",
        "Bahnhofstrasse %##;Rue du Rhône %#;Via Nassa %#", "Zürich,ZH,80%#;Genève,GE,120%;Lugano,TI,690#", "Postfach %##;3. Stock", "+41 79 555 ## ##",
    ),
    _country(
        "FR", "Zoé;Théo;Aurélie;François;Maëlle;Rémi", "Lefèvre;Béranger;d'Aubigné;Noël;Chénier;Garçon",
        "%# rue de la République;%# bis avenue Émile Zola;%## boulevard Saint-Michel;Lieu-dit Les Chênes",
        "Paris,Île-de-France,750%#;Lyon,Auvergne-Rhône-Alpes,6900%;Orléans,Centre-Val de Loire,45000;Nîmes,Occitanie,30000",
        "Bâtiment ?;Escalier %;%e étage", "+33 6 55 55 ## ##",
    ),
    _country(
        "BE", "Lotte;Maxime;Jef;Inès", "Peeters;Lambert;Vandenbroucke;Claessens",
        "Meir %#;Rue Neuve %##;Korenmarkt %", "Antwerpen,Antwerpen,2000;Liège,Liège,4000;Gent,Oost-Vlaanderen,9000", "bus %;boîte %", "+32 470 55 ## ##",
    ),
    _country(
        "IT", "Niccolò;Giulia;Matteo;Ludovica;Gianfrancesco;Noè", "Esposito;D'Angelo;Bianchi;Lo Cascio;Forlì;Zanetti",
        "Via Garibaldi %#;Piazza Dante %;Corso Vittorio Emanuele II %##;Vicolo Stretto %",
        "Milano,MI,201##;Napoli,NA,801##;Forlì,FC,47121;Cagliari,CA,091##", "Scala ?;Interno %#;Piano %", "+39 340 555 ####",
    ),
    _country(
        "ES", "Íñigo;Begoña;Núria;Álvaro;Concepción;Jordi", "Núñez Ibarra;Etxeberria;Puigdemont Roca;Muñiz;Castaño;Sáez",
        "Calle Mayor %#;Carrer d'Aragó %##;Avenida de la Constitución %;Plaza España s/n",
        "Madrid,Madrid,280##;Barcelona,Barcelona,080##;Donostia,Gipuzkoa,2000%;A Coruña,A Coruña,1500%", "%º izquierda;Bajo B;Piso %, puerta %", "+34 655 55 ## ##",
    ),
    _country(
        "PT", "Inês;Gonçalo;Conceição;Simão", "Guimarães;Assunção;Falcão;Lourenço",
        "Rua Augusta, %##;Largo do Chão %", "Lisboa,Lisboa,1%##-###;Évora,Évora,7000-###", "%º Esq.;R/C", "+351 91% 555 ###",
    ),
    _country(
        "NL", "Sanne;Daan;Fleur;Joost", "van der Meer;de Vries;'t Hooft;IJzerman",
        "Keizersgracht %##;Dorpsstraat %#-II;Nieuwe Gracht %", "Amsterdam,Noord-Holland,10%# ??;'s-Hertogenbosch,Noord-Brabant,52%# ??;Utrecht,Utrecht,35%# ??",
        "bis;%hoog", "+31 6 5555####",
    ),
    _country(
        "SE", "Åsa;Björn;Linnéa;Östen", "Sjöberg;Ångström;Lindqvist;Öhman",
        "Storgatan %#;Götgatan %##;Ängsvägen %", "Stockholm,Stockholms län,11% ##;Göteborg,Västra Götaland,41% ##;Malmö,Skåne,21% ##", "lgh 1%0%;c/o Öhman", "+46 70 555 ## ##",
    ),
    _country(
        "NO", "Øystein;Ingrid;Håkon;Solveig", "Bjørnstad;Ødegård;Sørensen;Aasen",
        "Karl Johans gate %#;Fjordveien %##", "Oslo,Oslo,01##;Tromsø,Troms,90##", "H0%0%;Leil. %", "+47 4% 55 ## ##",
    ),
    _country(
        "DK", "Søren;Mette;Asbjørn;Kirsten", "Jørgensen;Kjærgaard;Østergaard;Møller",
        "Nørrebrogade %##;Æblevej %", "København,Hovedstaden,22##;Ærøskøbing,Syddanmark,5970", "%. tv;st. th", "+45 55 55 ## ##",
    ),
    _country(
        "FI", "Väinö;Päivi;Eeva-Liisa;Jyrki", "Mäkelä;Hämäläinen;Yli-Seppälä;Korhonen",
        "Mannerheimintie %##;Hämeenkatu %#", "Helsinki,Uusimaa,00%00;Jyväskylä,Keski-Suomi,40%00", "? %#;as. %", "+358 40 555 ####",
    ),
    _country(
        "PL", "Zuzanna;Łukasz;Małgorzata;Grzegorz", "Wójcik;Szczepański;Żółkiewska;Brzęczyszczykiewicz",
        "ul. Świętojańska %#/%;al. Jana Pawła II %#;ul. Długa %", "Łódź,łódzkie,90-%##;Kraków,małopolskie,30-%##;Gdańsk,pomorskie,80-%##", "m. %#;klatka ?", "+48 655 55# ###",
    ),
    _country(
        "CZ", "Jiří;Žaneta;Ondřej;Kateřina", "Dvořák;Říhová;Šťastný;Procházková",
        "Vinohradská %##/%;Náměstí Míru %", "Praha,Praha,1%# 00;Plzeň,Plzeňský kraj,301 00", "byt %;%. patro", "+420 777 555 ###",
    ),
    _country(
        "GR", "Ελένη;Γιώργος;Αικατερίνη;Δημήτρης", "Παπαδόπουλος;Κωνσταντίνου;Αλεξίου;Χατζηγεωργίου",
        "Ερμού %#;Λεωφόρος Αλεξάνδρας %##;Αγίου Νικολάου %", "Αθήνα,Αττική,10% ##;Θεσσαλονίκη,Κεντρική Μακεδονία,54% ##;Ηράκλειο,Κρήτη,71% ##",
        "%ος όροφος;Διαμέρισμα %", "+30 694 555 ####",
    ),
    _country(
        "RU", "Анастасия;Дмитрий;Екатерина;Пётр", "Соколова;Кузнецов;Щербакова;Воробьёв",
        "ул. Ленина, д. %#;Невский проспект, д. %##;пер. Тихий, д. %", "Москва,Москва,10%###;Санкт-Петербург,Ленинградская обл.,19%###;Казань,Татарстан,420###",
        "кв. %##;корп. %, кв. %#", "+7 900 555-##-##", " ",
    ),
    _country(
        "UA", "Олена;Тарас;Соломія;Євген", "Шевченко;Ковальчук;Грищенко;Їжак",
        "вул. Хрещатик, %#;вул. Січових Стрільців, %#", "Київ,Київ,01%##;Львів,Львівська обл.,79%##", "кв. %##;під'їзд %", "+380 50 555 ####",
    ),
    _country(
        "TR", "Ayşe;Oğuzhan;Çiğdem;İbrahim", "Yıldırım;Öztürk;Şahin;Güneş",
        "İstiklal Caddesi No:%#;Atatürk Bulvarı No:%##", "İstanbul,Beyoğlu,344##;İzmir,Konak,352##", "Kat % Daire %;D:%#", "+90 555 555 ## ##",
    ),
    _country(
        "JP", "陽菜;翔太;さくら;健一;美咲;大輔;結衣;拓海", "佐藤;鈴木;高橋;渡邉;齋藤;小笠原;五十嵐;髙木",
        "中央区銀座%丁目%-%#;左京区下鴨%#-%;北区堂島浜%丁目%番%号;本町%-%-%",
        "東京都,東京都,10%-00##;京都市,京都府,60%-08##;大阪市,大阪府,53%-00##;札幌市,北海道,06%-08##;那覇市,沖縄県,90%-00##",
        "グリーンハイツ%0%号室;コーポ桜%0%;サンライズビル%F", "+81 90-5555-####", " ",
    ),
    _country(
        "KR", "서연;민준;지우;현우;하은;도윤", "김;이;박;최;남궁;황보",
        "강남구 테헤란로 %##;마포구 월드컵북로 %#길 %;해운대구 센텀중앙로 %#", "서울특별시,서울특별시,06%##;부산광역시,부산광역시,48%##;제주시,제주특별자치도,63%##",
        "%0%동 %0%호;지하 %층;%층", "+82 10-5555-####", "",
    ),
    _country(
        "CN", "伟;芳;秀英;子轩;雨桐;建国;梓涵;磊", "王;李;张;欧阳;诸葛;陈;赵;龚",
        "南山区科技园南路%#号;朝阳区建国路%##号;天河区体育东路%#号;西湖区文三路%##号", "深圳市,广东省,5180##;北京市,北京市,1000##;广州市,广东省,5106##;杭州市,浙江省,3100##",
        "%栋%单元%0%室;创业大厦%楼;丰巢柜%号", "+86 138 5555 ####", "",
    ),
    _country(
        "TW", "怡君;志明;雅婷;俊傑", "陳;林;黃;張簡",
        "大安區忠孝東路四段%##號;西屯區台灣大道三段%#號", "臺北市,臺北市,106##;臺中市,臺中市,407##", "%樓之%;%F", "+886 955 555 ###", "",
    ),
    _country(
        "TH", "สมชาย;กมลวรรณ;ณัฐพล;ปิยะดา", "ศรีสุวรรณ;วงศ์ไพบูลย์;ทองดี;จันทร์เพ็ญ",
        "%##/% ถนนสุขุมวิท ซอย %#;%# หมู่ % ถนนนิมมานเหมินท์", "กรุงเทพมหานคร,วัฒนา,10110;เชียงใหม่,เมืองเชียงใหม่,50200", "ชั้น %#;อาคาร ? ห้อง %0%", "+66 85 555 ####",
    ),
    _country(
        "VN", "Nguyệt;Đức;Thảo;Quân", "Nguyễn;Trần;Đặng;Lý", "%## Đường Lê Lợi;%# Phố Hàng Bạc",
        "Thành phố Hồ Chí Minh,Quận 1,700000;Hà Nội,Hoàn Kiếm,100000", "Lầu %;Căn hộ %0%", "+84 90 555 ####", " ",
    ),
    _country(
        "IN", "अनन्या;Rohan;प्रिया;Arjun;मीनाक्षी;Karthik", "शर्मा;Iyer;चतुर्वेदी;Mukherjee;राठौड़;Reddy",
        "%#, एम जी रोड;Flat %0%, Shanti Nagar, %th Cross;%##/%, लिंकिंग रोड;Plot %#, Sector %",
        "मुंबई,महाराष्ट्र,4000##;Bengaluru,Karnataka,5600##;नई दिल्ली,दिल्ली,1100##;Chennai,Tamil Nadu,6000##", "Near SBI ATM;मंदिर के सामने;% floor", "+91 98555 ####%",
    ),
    _country(
        "SA", "محمد;نورة;عبد الله;فاطمة", "القحطاني;الزهراني;العتيبي;الشهري",
        "شارع الملك فهد %##;طريق العروبة %###", "الرياض,منطقة الرياض,12%##;جدة,مكة المكرمة,23%##", "شقة %#;الدور %", "+966 55 555 ####",
    ),
    _country(
        "AE", "مريم;خالد;شيخة;راشد", "المنصوري;الكتبي;النعيمي;الشامسي",
        "شارع الشيخ زايد %##;شارع الكورنيش %#", "دبي,دبي,00000;أبوظبي,أبوظبي,00000", "برج % شقة %0%;ص.ب %###", "+971 50 555 ####",
    ),
    _country(
        "IL", "נועה;איתן;שירה;אביגיל", "כהן;מזרחי;בן־דוד;פרידמן",
        "רחוב הרצל %#;שדרות רוטשילד %##", "תל אביב-יפו,תל אביב,61%####;ירושלים,ירושלים,91%####", "דירה %;כניסה א", "+972 50-555-####",
    ),
    _country(
        "AU", "Matilda;Lachlan;Kirra;Banjo", "Fitzgerald;Nguyen;Wilkinson;O'Shea",
        "%# Wattle Street;%## Great Ocean Road;Lot %, Dusty Track", "Melbourne,VIC,30%#;Brisbane,QLD,40%#;Alice Springs,NT,0870;Perth,WA,60%#", "Unit %;Shop %;Granny Flat", "+61 4%% 555 ###",
    ),
    _country(
        "NZ", "Aroha;Tāne;Isla;Hēmi", "Ngata;Te Kanawa;Robertson;Parata",
        "%# Queen Street;%## Tāmaki Drive", "Auckland,Auckland,10##;Whangārei,Northland,01##", "Flat %;RD %", "+64 21 555 ###",
    ),
)  # fmt: skip

_SOUTH_EAST_ASIA = (
    _country(
        "SG", "Wei Ling;Jun Hao;Priya;Nurul;Kai Xin;Arvind", "Tan;Lim;Ng;Chua;Rajan;binte Osman",
        "Blk %## Ang Mo Kio Avenue %;%# Tanjong Pagar Road;Blk %#? Toa Payoh Lorong %", "Singapore,Singapore,56%###;Singapore,Singapore,08%###",
        "#0%-%#;#1#-%##", "+65 8555 ####",
    ),
    _country(
        "MY", "Aisyah;Hafiz;Siew Ling;Kumaran;Farah;Zulkifli", "binti Rahman;bin Ismail;Wong;Subramaniam;binti Yusof",
        "No. %#, Jalan Bukit Bintang;%#, Lorong Seri Damai %;Lot %##, Jalan Tun Razak", "Kuala Lumpur,Kuala Lumpur,55%##;George Town,Pulau Pinang,10%##;Kota Kinabalu,Sabah,88%##",
        "Tingkat %;Blok ?-%-%", "+60 12-555 ####",
    ),
    _country(
        "PH", "Maria Clara;Jose;Liwayway;Ramon;Ligaya;Andres", "Dela Cruz;Bautista;Villanueva;Mangubat;Santos",
        "%## Mabini Street, Barangay San Antonio;Purok %, Barangay Lahug;%# Kalayaan Avenue", "Makati City,Metro Manila,120%;Cebu City,Cebu,6000;Davao City,Davao del Sur,8000",
        "Unit %##;Blk % Lot %#", "+63 917 555 ####",
    ),
    _country(
        "ID", "Budi;Siti;Wayan;Dewi;Agus;Putri", "Santoso;Wijaya;Nurhaliza;Pratama;Lestari",
        "Jl. Jenderal Sudirman No. %#;Jl. Malioboro No. %##, RT 0%/RW 0%;Gang Mawar % No. %", "Jakarta Selatan,DKI Jakarta,12%#0;Yogyakarta,DI Yogyakarta,55%#1;Denpasar,Bali,80%#1",
        "Lantai %;Blok ?%", "+62 812-555-####",
    ),
)  # fmt: skip

COUNTRIES = {country.code: country for country in _COUNTRIES + _SOUTH_EAST_ASIA}

COMPANIES = (
    "Blue Harbor Trading", "Nordlicht Handels", "Atelier du Sud", "Sakura Works", "Cape Lantern", "Monte Verde",
    "Riverbend Supply", "Kestrel & Pine", "Orchid Studio", "Old Mill Partners",
)  # fmt: skip

GIFT_MESSAGES = (
    "Happy birthday! 🎂 Love from all of us.", "生日快乐!祝你天天开心。", "お誕生日おめでとう!", "Joyeux Noël et bonne année !",
    "Alles Gute zum Geburtstag,\nliebe Oma!", "¡Felicidades! Con cariño, la familia.", "Just because.", "С днём рождения!",
    "Congratulations on the new home\n— The Fairclough family", "축하해요! 항상 행복하세요.",
)  # fmt: skip

CANCEL_REASONS = (
    "NO_LONGER_NEEDED", "ORDERED_BY_MISTAKE", "FOUND_CHEAPER_SOMEWHERE_ELSE", "SHIPPING_TIME_TOO_LONG", "WRONG_ADDRESS",
)  # fmt: skip
