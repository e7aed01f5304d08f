<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
<context>
    <name>Abilities</name>
    <message>
        <source>This desktop does not let programs keep a window above the others. The menu of the window manager may offer it.</source>
        <translation>Dieser Desktop lässt Programme kein Fenster über den anderen halten. Vielleicht bietet es das Menü der Fensterverwaltung an.</translation>
    </message>
    <message>
        <source>This desktop does not let programs place their windows. Move the captions with the mouse.</source>
        <translation>Dieser Desktop lässt Programme ihre Fenster nicht selbst platzieren. Verschieben Sie die Untertitel mit der Maus.</translation>
    </message>
    <message>
        <source>Captioner cannot let clicks through to the windows behind on this desktop.</source>
        <translation>Auf diesem Desktop kann Captioner Klicks nicht an die Fenster dahinter durchlassen.</translation>
    </message>
    <message>
        <source>This desktop cannot leave a single window out of screen captures.</source>
        <translation>Dieser Desktop kann kein einzelnes Fenster aus Bildschirmaufnahmen heraushalten.</translation>
    </message>
    <message>
        <source>This desktop does not let programs take keys while another window is in use.</source>
        <translation>Dieser Desktop lässt Programme keine Tasten annehmen, während ein anderes Fenster benutzt wird.</translation>
    </message>
</context>
<context>
    <name>AboutPage</name>
    <message>
        <source>About</source>
        <translation>Über Captioner</translation>
    </message>
    <message>
        <source>Versions</source>
        <translation>Versionen</translation>
    </message>
    <message>
        <source>&amp;Copy versions</source>
        <translation>Versionen &amp;kopieren</translation>
    </message>
    <message>
        <source>version clipboard</source>
        <translation>Version Zwischenablage</translation>
    </message>
    <message>
        <source>Newer versions</source>
        <translation>Neuere Versionen</translation>
    </message>
    <message>
        <source>&amp;Look for a newer version once a day</source>
        <translation>&amp;Einmal am Tag nach einer neueren Version sehen</translation>
    </message>
    <message>
        <source>Nothing but the request itself is sent, and nothing is installed.</source>
        <translation>Gesendet wird nur die Anfrage selbst, und installiert wird nichts.</translation>
    </message>
    <message>
        <source>update upgrade release</source>
        <translation>Update Aktualisierung Upgrade</translation>
    </message>
    <message>
        <source>Add&amp;ress:</source>
        <translation>Ad&amp;resse:</translation>
    </message>
    <message>
        <source>Of the file that names the newest version, from whoever gave you Captioner. Without it nobody is asked.</source>
        <translation>Adresse der Datei, in der die neueste Version steht; Sie bekommen sie dort, wo Sie Captioner herhaben. Ohne Adresse wird niemand gefragt.</translation>
    </message>
    <message>
        <source>update url https</source>
        <translation>Update URL https</translation>
    </message>
    <message>
        <source>Show this &amp;page</source>
        <translation>Diese Seite an&amp;zeigen</translation>
    </message>
    <message>
        <source>Version {version} is there: {page}</source>
        <translation>Version {version} ist da: {page}</translation>
    </message>
    <message>
        <source>No program opens web pages here. This one is above, to be copied.</source>
        <translation>Hier öffnet kein Programm Webseiten. Die Adresse steht oben, zum Kopieren.</translation>
    </message>
    <message>
        <source>When something is wrong</source>
        <translation>Wenn etwas nicht stimmt</translation>
    </message>
    <message>
        <source>Log files</source>
        <translation>Protokolldateien</translation>
    </message>
    <message>
        <source>&amp;Open the folder of the log files</source>
        <translation>Ordner der Protokolldateien &amp;öffnen</translation>
    </message>
    <message>
        <source>They say what happened when, and never what was captioned.</source>
        <translation>Sie sagen, was wann geschah, und nie, was in den Untertiteln stand.</translation>
    </message>
    <message>
        <source>Save &amp;diagnostics…</source>
        <translation>&amp;Diagnosedaten speichern …</translation>
    </message>
    <message>
        <source>One zip file with versions, settings, sound devices, log files and what a check of all parts finds, for whoever helps you. Each sound device is listened to for a second. No key or password is in it, and no word that was captioned.</source>
        <translation>Eine Zip-Datei mit Versionen, Einstellungen, Tongeräten, Protokolldateien und dem, was eine Prüfung aller Teile findet, für alle, die Ihnen helfen. Jedes Tongerät wird dafür eine Sekunde lang angehört. Darin ist kein Schlüssel oder Kennwort und kein Wort aus den Untertiteln.</translation>
    </message>
    <message>
        <source>bundle support report bug zip</source>
        <translation>Paket Hilfe Bericht Fehler Zip</translation>
    </message>
    <message>
        <source>Progress of the diagnostics</source>
        <translation>Fortschritt der Diagnosedaten</translation>
    </message>
    <message>
        <source>Licences</source>
        <translation>Lizenzen</translation>
    </message>
    <message>
        <source>Packages and their licences</source>
        <translation>Pakete und ihre Lizenzen</translation>
    </message>
    <message>
        <source>Qt and PySide6 are used under the GNU Lesser General Public License, version 3. Their libraries are files of their own, which you may replace by others.</source>
        <translation>Qt und PySide6 werden unter der GNU Lesser General Public License, Version 3, benutzt. Ihre Bibliotheken sind eigene Dateien, die Sie durch andere ersetzen dürfen.</translation>
    </message>
    <message>
        <source>license open source LGPL MIT</source>
        <translation>Lizenz Open Source LGPL MIT</translation>
    </message>
    <message>
        <source>The versions are on the clipboard.</source>
        <translation>Die Versionen sind in der Zwischenablage.</translation>
    </message>
    <message>
        <source>No program opens folders here. This one is {folder}.</source>
        <translation>Hier öffnet kein Programm Ordner. Dieser ist {folder}.</translation>
    </message>
    <message>
        <source>Save diagnostics</source>
        <translation>Diagnosedaten speichern</translation>
    </message>
    <message>
        <source>Zip files (*.zip)</source>
        <translation>Zip-Dateien (*.zip)</translation>
    </message>
    <message>
        <source>The diagnostics are being collected.</source>
        <translation>Die Diagnosedaten werden gesammelt.</translation>
    </message>
    <message>
        <source>The diagnostics are saved as {file}.</source>
        <translation>Die Diagnosedaten sind gespeichert als {file}.</translation>
    </message>
</context>
<context>
    <name>AppMenu</name>
    <message>
        <source>Clicks go &amp;through</source>
        <translation>Klicks gehen hind&amp;urch</translation>
    </message>
    <message>
        <source>The mouse reaches what is behind the captions</source>
        <translation>Die Maus erreicht, was hinter den Untertiteln liegt</translation>
    </message>
    <message>
        <source>S&amp;ettings…</source>
        <translation>&amp;Einstellungen…</translation>
    </message>
    <message>
        <source>&amp;Pause captions</source>
        <translation>Untertitel anha&amp;lten</translation>
    </message>
    <message>
        <source>They stand still for reading; nothing is lost</source>
        <translation>Sie stehen zum Lesen still; nichts geht verloren</translation>
    </message>
    <message>
        <source>&amp;Copy captions</source>
        <translation>Untertitel &amp;kopieren</translation>
    </message>
    <message>
        <source>T&amp;ranscript…</source>
        <translation>&amp;Mitschrift…</translation>
    </message>
    <message>
        <source>Past transcr&amp;ipts…</source>
        <translation>Frühere M&amp;itschriften…</translation>
    </message>
    <message>
        <source>&amp;Keep what is said</source>
        <translation>Gesagtes au&amp;fbewahren</translation>
    </message>
    <message>
        <source>Without the tick nothing that is said is written down</source>
        <translation>Ohne das Häkchen wird nichts aufgeschrieben, was gesagt wird</translation>
    </message>
    <message>
        <source>&amp;First steps…</source>
        <translation>Ers&amp;te Schritte…</translation>
    </message>
    <message>
        <source>A&amp;bout Captioner</source>
        <translation>Ü&amp;ber Captioner</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>Been&amp;den</translation>
    </message>
    <message>
        <source>&amp;Stop captions</source>
        <translation>Untertitel &amp;stoppen</translation>
    </message>
    <message>
        <source>&amp;Start captions</source>
        <translation>Untertitel &amp;starten</translation>
    </message>
    <message>
        <source>&amp;Hide captions</source>
        <translation>Untertitel &amp;ausblenden</translation>
    </message>
    <message>
        <source>S&amp;how captions</source>
        <translation>Untertitel &amp;anzeigen</translation>
    </message>
    <message>
        <source>Newer versi&amp;on {version}…</source>
        <translation>Neuere &amp;Version {version}…</translation>
    </message>
    <message>
        <source>Where I &amp;put them</source>
        <translation>An dem Ort, an den ich sie &amp;gestellt habe</translation>
    </message>
    <message>
        <source>&amp;Top of the screen</source>
        <translation>&amp;Oben auf dem Bildschirm</translation>
    </message>
    <message>
        <source>&amp;Bottom of the screen</source>
        <translation>&amp;Unten auf dem Bildschirm</translation>
    </message>
    <message>
        <source>&amp;Full screen</source>
        <translation>G&amp;anzer Bildschirm</translation>
    </message>
    <message>
        <source>Reco&amp;gniser</source>
        <translation>Sprac&amp;herkennung</translation>
    </message>
    <message>
        <source>Spoken la&amp;nguage</source>
        <translation>Gesprochene Sp&amp;rache</translation>
    </message>
    <message>
        <source>&amp;Vocabulary</source>
        <translation>&amp;Wortschatz</translation>
    </message>
    <message>
        <source>&amp;Edit vocabularies…</source>
        <translation>Wortschätze &amp;bearbeiten…</translation>
    </message>
    <message>
        <source>&amp;Arrange captions</source>
        <translation>Untertitel anordne&amp;n</translation>
    </message>
    <message>
        <source>Move and resize the captions with the keyboard</source>
        <translation>Ort und Größe der Untertitel mit der Tastatur ändern</translation>
    </message>
    <message>
        <source>&amp;Where captions stand</source>
        <translation>&amp;Ort der Untertitel</translation>
    </message>
    <message>
        <source>&amp;None</source>
        <translation>&amp;Keiner</translation>
    </message>
</context>
<context>
    <name>ArrangeBar</name>
    <message>
        <source>Arrange captions</source>
        <translation>Untertitel anordnen</translation>
    </message>
</context>
<context>
    <name>ArrangeMode</name>
    <message>
        <source>Arrow keys move · Shift + arrow keys resize · with Ctrl in small steps</source>
        <translation>Pfeiltasten verschieben · Umschalt + Pfeiltasten ändern die Größe · mit Strg in kleinen Schritten</translation>
    </message>
    <message>
        <source>Shift + arrow keys resize · with Ctrl in small steps</source>
        <translation>Umschalt + Pfeiltasten ändern die Größe · mit Strg in kleinen Schritten</translation>
    </message>
    <message>
        <source>Page Up, Page Down, Home scroll · Space pauses · End goes live · Ctrl + C copies · Esc leaves</source>
        <translation>Bild auf, Bild ab, Pos1 blättern · Leertaste hält an · Ende folgt wieder live · Strg + C kopiert · Esc beendet</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Live</source>
        <translation>Live</translation>
    </message>
    <message>
        <source>{left} from the left, {top} from the top, {width} wide, {height} high</source>
        <translation>{left} von links, {top} von oben, {width} breit, {height} hoch</translation>
    </message>
</context>
<context>
    <name>AskedRows</name>
    <message>
        <source>The server&apos;s choice</source>
        <translation>Der Server wählt selbst</translation>
    </message>
    <message>
        <source>M&amp;odel:</source>
        <translation>M&amp;odell:</translation>
    </message>
    <message>
        <source>Spoken lan&amp;guage:</source>
        <translation>&amp;Gesprochene Sprache:</translation>
    </message>
    <message>
        <source>A tag such as en-US or de-DE.</source>
        <translation>Ein Kürzel wie en-US oder de-DE.</translation>
    </message>
    <message>
        <source>english german locale</source>
        <translation>englisch deutsch sprache</translation>
    </message>
    <message>
        <source>The recogniser of this computer has one model, for English.</source>
        <translation>Die eingebaute Spracherkennung hat ein Modell, für Englisch.</translation>
    </message>
    <message>
        <source>Models and languages are those of {server}; others can be typed.</source>
        <translation>Modelle und Sprachen sind die von {server}; andere können eingetippt werden.</translation>
    </message>
    <message>
        <source>{server} lists no models and languages now; they can be typed.</source>
        <translation>{server} nennt derzeit keine Modelle und Sprachen; sie können eingetippt werden.</translation>
    </message>
</context>
<context>
    <name>AudioPage</name>
    <message>
        <source>Audio</source>
        <translation>Ton</translation>
    </message>
    <message>
        <source>What is heard</source>
        <translation>Was gehört wird</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>What the computer plays</source>
        <translation>Was der Computer abspielt</translation>
    </message>
    <message>
        <source>Microphone</source>
        <translation>Mikrofon</translation>
    </message>
    <message>
        <source>Both, told apart</source>
        <translation>Beides, unterschieden</translation>
    </message>
    <message>
        <source>&amp;Source:</source>
        <translation>&amp;Quelle:</translation>
    </message>
    <message>
        <source>Automatic takes what the computer plays, or the microphone where nothing else can be heard.</source>
        <translation>„Automatisch“ nimmt, was der Computer abspielt, oder das Mikrofon, wo sonst nichts zu hören ist.</translation>
    </message>
    <message>
        <source>loopback system audio input speaker</source>
        <translation>Systemton Eingang Lautsprecher</translation>
    </message>
    <message>
        <source>&amp;Output:</source>
        <translation>&amp;Ausgabe:</translation>
    </message>
    <message>
        <source>What this output plays is heard.</source>
        <translation>Gehört wird, was diese Ausgabe abspielt.</translation>
    </message>
    <message>
        <source>&amp;Microphone:</source>
        <translation>&amp;Mikrofon:</translation>
    </message>
    <message>
        <source>How loud it is now</source>
        <translation>Wie laut es gerade ist</translation>
    </message>
    <message>
        <source>Captions are stopped. The level is seen while they run.</source>
        <translation>Die Untertitel sind gestoppt. Der Pegel ist zu sehen, während sie laufen.</translation>
    </message>
    <message>
        <source>S&amp;tart captions</source>
        <translation>Untertitel s&amp;tarten</translation>
    </message>
    <message>
        <source>This is the source in use. Another one is heard once you apply it.</source>
        <translation>Dies ist die Quelle in Gebrauch. Eine andere wird gehört, sobald Sie sie anwenden.</translation>
    </message>
    <message>
        <source>Echo</source>
        <translation>Echo</translation>
    </message>
    <message>
        <source>Use the sound server&apos;s &amp;echo canceller</source>
        <translation>&amp;Echounterdrückung des Klangservers benutzen</translation>
    </message>
    <message>
        <source>For the microphone, where the sound server has one loaded. With both sources it is always used.</source>
        <translation>Für das Mikrofon, wo der Klangserver eine geladen hat. Bei beiden Quellen wird sie immer benutzt.</translation>
    </message>
    <message>
        <source>loudspeaker feedback</source>
        <translation>Lautsprecher Rückkopplung</translation>
    </message>
    <message>
        <source>&amp;Leave out what the microphone only repeats</source>
        <translation>Aus&amp;lassen, was das Mikrofon nur wiederholt</translation>
    </message>
    <message>
        <source>With both sources: words that the loudspeaker said just before are not captioned once more.</source>
        <translation>Bei beiden Quellen: Wörter, die gerade erst aus dem Lautsprecher kamen, werden nicht noch einmal gezeigt.</translation>
    </message>
    <message>
        <source>echo loudspeaker twice</source>
        <translation>Echo Lautsprecher doppelt</translation>
    </message>
    <message>
        <source>device</source>
        <translation>Gerät</translation>
    </message>
</context>
<context>
    <name>BackupPage</name>
    <message>
        <source>Settings in a file</source>
        <translation>Einstellungen in einer Datei</translation>
    </message>
    <message>
        <source>&amp;Export settings…</source>
        <translation>Einstellungen &amp;exportieren …</translation>
    </message>
    <message>
        <source>All settings that are applied, for another computer or as a copy. Keys and passwords are not in it.</source>
        <translation>Alle angewendeten Einstellungen, für einen anderen Computer oder als Kopie. Schlüssel und Kennwörter sind nicht darin.</translation>
    </message>
    <message>
        <source>backup copy save transfer</source>
        <translation>Sicherung Kopie speichern übertragen</translation>
    </message>
    <message>
        <source>&amp;Import settings…</source>
        <translation>Einstellungen &amp;importieren …</translation>
    </message>
    <message>
        <source>What the file says is entered on all pages. Nothing holds before you apply it.</source>
        <translation>Was die Datei sagt, wird auf allen Seiten eingetragen. Nichts davon gilt, bevor Sie es anwenden.</translation>
    </message>
    <message>
        <source>restore load transfer</source>
        <translation>wiederherstellen laden übertragen</translation>
    </message>
    <message>
        <source>Settings are kept in {file}.</source>
        <translation>Die Einstellungen stehen in {file}.</translation>
    </message>
    <message>
        <source>Backup</source>
        <translation>Sicherung</translation>
    </message>
    <message>
        <source>Export settings</source>
        <translation>Einstellungen exportieren</translation>
    </message>
    <message>
        <source>Settings (*.json)</source>
        <translation>Einstellungen (*.json)</translation>
    </message>
    <message>
        <source>Import settings</source>
        <translation>Einstellungen importieren</translation>
    </message>
    <message>
        <source>The settings are saved as {file}.</source>
        <translation>Die Einstellungen sind gespeichert als {file}.</translation>
    </message>
    <message>
        <source>The file says what is entered already.</source>
        <translation>Die Datei sagt, was schon eingetragen ist.</translation>
    </message>
    <message>
        <source>Apply, and this becomes what the file says:
{list}</source>
        <translation>Nach dem Anwenden wird dies so, wie es die Datei sagt:
{list}</translation>
    </message>
</context>
<context>
    <name>CaptionView</name>
    <message>
        <source>Captions</source>
        <translation>Untertitel</translation>
    </message>
    <message>
        <source>[audio lost]</source>
        <translation>[Ton verloren]</translation>
    </message>
</context>
<context>
    <name>CaptionsPage</name>
    <message>
        <source>Captions</source>
        <translation>Untertitel</translation>
    </message>
    <message>
        <source>While somebody speaks</source>
        <translation>Während jemand spricht</translation>
    </message>
    <message>
        <source>Responsive</source>
        <translation>Sofort</translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation>Ausgewogen</translation>
    </message>
    <message>
        <source>Steady</source>
        <translation>Ruhig</translation>
    </message>
    <message>
        <source>&amp;Stability:</source>
        <translation>&amp;Stabilität:</translation>
    </message>
    <message>
        <source>Responsive shows every word at once, and may change it again. Balanced holds the last word back until it is surer. Steady shows only words that have been heard the same twice: calmer to read, and a little later.</source>
        <translation>„Sofort“ zeigt jedes Wort gleich und ändert es vielleicht noch einmal. „Ausgewogen“ hält das letzte Wort zurück, bis es sicherer ist. „Ruhig“ zeigt nur Wörter, die zweimal gleich gehört wurden: angenehmer zu lesen und etwas später.</translation>
    </message>
    <message>
        <source>flicker speed delay</source>
        <translation>Flackern Geschwindigkeit Verzögerung</translation>
    </message>
    <message>
        <source>Like all others</source>
        <translation>Wie alle anderen</translation>
    </message>
    <message>
        <source>Dimmed</source>
        <translation>Blasser</translation>
    </message>
    <message>
        <source>Not shown</source>
        <translation>Nicht gezeigt</translation>
    </message>
    <message>
        <source>&amp;Words that may still change:</source>
        <translation>&amp;Wörter, die sich noch ändern können:</translation>
    </message>
    <message>
        <source>Not shown is calmest, and a sentence appears only when it is over.</source>
        <translation>„Nicht gezeigt“ ist am ruhigsten; ein Satz erscheint erst, wenn er zu Ende ist.</translation>
    </message>
    <message>
        <source>partial interim</source>
        <translation>vorläufig Zwischenergebnis</translation>
    </message>
    <message>
        <source>&amp;Name the speaker</source>
        <translation>Sprecher &amp;nennen</translation>
    </message>
    <message>
        <source>Where there is more than one, such as you and the others.</source>
        <translation>Wo es mehrere gibt, etwa Sie und die anderen.</translation>
    </message>
    <message>
        <source>How it is written</source>
        <translation>Wie geschrieben wird</translation>
    </message>
    <message>
        <source>&amp;Punctuation and capital letters</source>
        <translation>&amp;Zeichensetzung und Großschreibung</translation>
    </message>
    <message>
        <source>Numbers as &amp;digits</source>
        <translation>Zahlen als Zi&amp;ffern</translation>
    </message>
    <message>
        <source>“21” instead of “twenty one”. Servers do this; the embedded engine writes numbers as it hears them.</source>
        <translation>„21“ statt „einundzwanzig“. Das tun Server; die eingebaute Spracherkennung schreibt Zahlen, wie sie sie hört.</translation>
    </message>
    <message>
        <source>&amp;Mask swear words</source>
        <translation>&amp;Kraftausdrücke verdecken</translation>
    </message>
    <message>
        <source>They are shown as “f***”. The embedded engine knows the common English ones.</source>
        <translation>Sie erscheinen als „f***“. Die eingebaute Spracherkennung kennt die üblichen englischen.</translation>
    </message>
    <message>
        <source>profanity filter</source>
        <translation>Schimpfwörter Filter</translation>
    </message>
    <message>
        <source>&amp;Tell several voices of one source apart</source>
        <translation>&amp;Mehrere Stimmen einer Quelle unterscheiden</translation>
    </message>
    <message>
        <source>Some servers can do this; the embedded engine cannot.</source>
        <translation>Manche Server können das; die eingebaute Spracherkennung kann es nicht.</translation>
    </message>
    <message>
        <source>speaker diarization</source>
        <translation>Sprecher Trennung</translation>
    </message>
    <message>
        <source>the server decides</source>
        <translation>der Server entscheidet</translation>
    </message>
    <message>
        <source>At m&amp;ost so many voices:</source>
        <translation>&amp;Höchstens so viele Stimmen:</translation>
    </message>
    <message>
        <source>When nobody speaks</source>
        <translation>Wenn niemand spricht</translation>
    </message>
    <message>
        <source> s</source>
        <translation> s</translation>
    </message>
    <message>
        <source>A sentence &amp;ends after silence of:</source>
        <translation>Ein Satz &amp;endet nach einer Stille von:</translation>
    </message>
    <message>
        <source>Its last words are then taken for final.</source>
        <translation>Seine letzten Wörter gelten dann als endgültig.</translation>
    </message>
    <message>
        <source>pause quiet gap</source>
        <translation>Pause Stille</translation>
    </message>
    <message>
        <source>Stay</source>
        <translation>Bleiben</translation>
    </message>
    <message>
        <source>Fade</source>
        <translation>Verblassen</translation>
    </message>
    <message>
        <source>&amp;Captions then:</source>
        <translation>Die &amp;Untertitel:</translation>
    </message>
    <message>
        <source>keep disappear hide</source>
        <translation>behalten verschwinden ausblenden</translation>
    </message>
    <message>
        <source>They &amp;fade after:</source>
        <translation>Sie ver&amp;blassen nach:</translation>
    </message>
</context>
<context>
    <name>Causes</name>
    <message>
        <source>broken connection</source>
        <translation>abgebrochene Verbindung</translation>
    </message>
    <message>
        <source>no room at the server</source>
        <translation>kein Platz auf dem Server</translation>
    </message>
    <message>
        <source>end of the embedded engine</source>
        <translation>Ende der eingebauten Spracherkennung</translation>
    </message>
    <message>
        <source>refused key</source>
        <translation>abgelehnter Schlüssel</translation>
    </message>
    <message>
        <source>refused request</source>
        <translation>abgelehnte Anfrage</translation>
    </message>
    <message>
        <source>encryption</source>
        <translation>Verschlüsselung</translation>
    </message>
    <message>
        <source>unknown protocol</source>
        <translation>unbekanntes Protokoll</translation>
    </message>
</context>
<context>
    <name>ColourChoice</name>
    <message>
        <source>Another…</source>
        <translation>Andere …</translation>
    </message>
    <message>
        <source>{name}: another colour</source>
        <translation>{name}: andere Farbe</translation>
    </message>
</context>
<context>
    <name>Colours</name>
    <message>
        <source>White</source>
        <translation>Weiß</translation>
    </message>
    <message>
        <source>Black</source>
        <translation>Schwarz</translation>
    </message>
    <message>
        <source>Red</source>
        <translation>Rot</translation>
    </message>
    <message>
        <source>Green</source>
        <translation>Grün</translation>
    </message>
    <message>
        <source>Blue</source>
        <translation>Blau</translation>
    </message>
    <message>
        <source>Yellow</source>
        <translation>Gelb</translation>
    </message>
    <message>
        <source>Magenta</source>
        <translation>Magenta</translation>
    </message>
    <message>
        <source>Cyan</source>
        <translation>Türkis</translation>
    </message>
</context>
<context>
    <name>CommandField</name>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy the command for: {name}</source>
        <translation>Befehl kopieren für: {name}</translation>
    </message>
</context>
<context>
    <name>ConnectionTest</name>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Connection</source>
        <translation>Verbindung</translation>
    </message>
    <message>
        <source>Encryption</source>
        <translation>Verschlüsselung</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Health</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>Schlüssel</translation>
    </message>
    <message>
        <source>Model and language</source>
        <translation>Modell und Sprache</translation>
    </message>
    <message>
        <source>Time of a call</source>
        <translation>Dauer eines Aufrufs</translation>
    </message>
    <message>
        <source>Readiness over HTTP</source>
        <translation>Bereitschaft über HTTP</translation>
    </message>
    <message>
        <source>Certificate</source>
        <translation>Zertifikat</translation>
    </message>
    <message>
        <source>Result of the test</source>
        <translation>Ergebnis der Prüfung</translation>
    </message>
    <message>
        <source>Steps of the test</source>
        <translation>Schritte der Prüfung</translation>
    </message>
    <message>
        <source>The test was stopped.</source>
        <translation>Die Prüfung wurde abgebrochen.</translation>
    </message>
    <message>
        <source>Asking {server}…</source>
        <translation>{server} wird gefragt …</translation>
    </message>
    <message>
        <source>&amp;Cancel the test</source>
        <translation>&amp;Prüfung abbrechen</translation>
    </message>
    <message>
        <source>Test the &amp;connection</source>
        <translation>Verbindung &amp;prüfen</translation>
    </message>
</context>
<context>
    <name>CountSheet</name>
    <message>
        <source>Since the start of Captioner</source>
        <translation>Seit dem Start von Captioner</translation>
    </message>
    <message>
        <source>Audio captured:</source>
        <translation>Aufgenommener Ton:</translation>
    </message>
    <message>
        <source>Audio sent:</source>
        <translation>Gesendeter Ton:</translation>
    </message>
    <message>
        <source>Audio processed:</source>
        <translation>Verarbeiteter Ton:</translation>
    </message>
    <message>
        <source>Waiting to be sent:</source>
        <translation>Wartet auf Versand:</translation>
    </message>
    <message>
        <source>Revisions:</source>
        <translation>Änderungen:</translation>
    </message>
    <message>
        <source>Words taken back:</source>
        <translation>Zurückgenommene Wörter:</translation>
    </message>
    <message>
        <source>Interruptions:</source>
        <translation>Unterbrechungen:</translation>
    </message>
    <message>
        <source>Another stood in:</source>
        <translation>Ein anderer sprang ein:</translation>
    </message>
    <message>
        <source>Embedded engine:</source>
        <translation>Eingebaute Spracherkennung:</translation>
    </message>
    <message>
        <source>Failed outputs:</source>
        <translation>Gestörte Ausgaben:</translation>
    </message>
    <message>
        <source>Not in use</source>
        <translation>Nicht in Gebrauch</translation>
    </message>
    <message>
        <source>{work} s of work for each second of audio; {streams}</source>
        <translation>{work} s Arbeit je Sekunde Ton; {streams}</translation>
    </message>
    <message>
        <source>history</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>live feed</source>
        <translation>Live-Feed</translation>
    </message>
    <message>
        <source>{words}; {share} for each final word</source>
        <translation>{words}; {share} je endgültiges Wort</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>one stream</source>
        <translation>ein Strom</translation>
    </message>
    <message>
        <source>{count} streams</source>
        <translation>{count} Ströme</translation>
    </message>
    <message>
        <source>Never</source>
        <translation>Nie</translation>
    </message>
    <message>
        <source>Once</source>
        <translation>Einmal</translation>
    </message>
    <message>
        <source>{count} times</source>
        <translation>{count}-mal</translation>
    </message>
</context>
<context>
    <name>DesktopKeys</name>
    <message>
        <source>&amp;Choose keys…</source>
        <translation>Tasten &amp;wählen …</translation>
    </message>
    <message>
        <source>Your desktop keeps these keys. It asks you for them in a window of its own; later they can be changed in its settings, under Keyboard.</source>
        <translation>Ihre Desktopumgebung verwaltet diese Tasten. Sie fragt Sie in einem eigenen Fenster danach; später lassen sie sich in deren Einstellungen unter Tastatur ändern.</translation>
    </message>
    <message>
        <source>No key</source>
        <translation>Keine Taste</translation>
    </message>
    <message>
        <source>The desktop is asked…</source>
        <translation>Die Desktopumgebung wird gefragt …</translation>
    </message>
    <message>
        <source>The desktop gave no keys. You can ask it once more.</source>
        <translation>Die Desktopumgebung hat keine Tasten gegeben. Sie können noch einmal fragen.</translation>
    </message>
</context>
<context>
    <name>Details</name>
    <message>
        <source>&amp;Details</source>
        <translation>Ein&amp;zelheiten</translation>
    </message>
    <message>
        <source>More figures are shown below</source>
        <translation>Weitere Angaben stehen darunter</translation>
    </message>
    <message>
        <source>Shows more figures</source>
        <translation>Zeigt weitere Angaben</translation>
    </message>
</context>
<context>
    <name>DeviceChoice</name>
    <message>
        <source>The system&apos;s default</source>
        <translation>Vorgabe des Systems</translation>
    </message>
    <message>
        <source>{device} (not connected)</source>
        <translation>{device} (nicht angeschlossen)</translation>
    </message>
</context>
<context>
    <name>FactSheet</name>
    <message>
        <source>Heard:</source>
        <translation>Gehört wird:</translation>
    </message>
    <message>
        <source>Level:</source>
        <translation>Pegel:</translation>
    </message>
    <message>
        <source>Recogniser:</source>
        <translation>Spracherkennung:</translation>
    </message>
    <message>
        <source>Its state:</source>
        <translation>Ihr Zustand:</translation>
    </message>
    <message>
        <source>Delay of captions:</source>
        <translation>Verzögerung der Untertitel:</translation>
    </message>
    <message>
        <source>Shown after:</source>
        <translation>Angezeigt nach:</translation>
    </message>
    <message>
        <source>Behind:</source>
        <translation>Rückstand:</translation>
    </message>
    <message>
        <source>Reconnected:</source>
        <translation>Neu verbunden:</translation>
    </message>
    <message>
        <source>Lost audio:</source>
        <translation>Verlorener Ton:</translation>
    </message>
    <message>
        <source>Nothing</source>
        <translation>Nichts</translation>
    </message>
    <message>
        <source>Level of {channel}</source>
        <translation>Pegel von {channel}</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>Pegel</translation>
    </message>
    <message>
        <source>Not connected yet</source>
        <translation>Noch nicht verbunden</translation>
    </message>
    <message>
        <source>Not at all</source>
        <translation>Keiner</translation>
    </message>
    <message>
        <source>{now} ms; at most {most} ms in the last 10 minutes</source>
        <translation>{now} ms; höchstens {most} ms in den letzten 10 Minuten</translation>
    </message>
    <message>
        <source>No caption yet</source>
        <translation>Noch keine Untertitel</translation>
    </message>
    <message>
        <source>{now} s</source>
        <translation>{now} s</translation>
    </message>
    <message>
        <source>{now} s now; 95 of 100 took at most {most} s in the last 5 minutes</source>
        <translation>{now} s jetzt; 95 von 100 brauchten in den letzten 5 Minuten höchstens {most} s</translation>
    </message>
    <message>
        <source>Never in this run</source>
        <translation>In diesem Lauf nie</translation>
    </message>
    <message>
        <source>Once in this run</source>
        <translation>In diesem Lauf einmal</translation>
    </message>
    <message>
        <source>{count} times in this run</source>
        <translation>In diesem Lauf {count}-mal</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keiner</translation>
    </message>
</context>
<context>
    <name>Faults</name>
    <message>
        <source>Captioner met a fault of its own. The log file has the details.</source>
        <translation>In Captioner ist ein eigener Fehler aufgetreten. Die Protokolldatei enthält die Einzelheiten.</translation>
    </message>
</context>
<context>
    <name>FeedPage</name>
    <message>
        <source>Live feed</source>
        <translation>Live-Feed</translation>
    </message>
    <message>
        <source>Captions for OBS and other programs</source>
        <translation>Untertitel für OBS und andere Programme</translation>
    </message>
    <message>
        <source>&amp;Serve the captions live</source>
        <translation>Untertitel live an&amp;bieten</translation>
    </message>
    <message>
        <source>As a page for OBS and browsers, and over WebSocket for other programs.</source>
        <translation>Als Seite für OBS und Browser und über WebSocket für andere Programme.</translation>
    </message>
    <message>
        <source>stream overlay browser source network share</source>
        <translation>Stream Overlay Browserquelle Netzwerk teilen</translation>
    </message>
    <message>
        <source>Any free one</source>
        <translation>Irgendein freier</translation>
    </message>
    <message>
        <source>&amp;Port:</source>
        <translation>&amp;Port:</translation>
    </message>
    <message>
        <source>&amp;Who can connect:</source>
        <translation>&amp;Wer sich verbinden kann:</translation>
    </message>
    <message>
        <source>Other computers need a certificate, so that nobody listens in.</source>
        <translation>Für andere Computer ist ein Zertifikat nötig, damit niemand mithört.</translation>
    </message>
    <message>
        <source>host network address interface</source>
        <translation>Host Netzwerk Adresse Schnittstelle</translation>
    </message>
    <message>
        <source>Cer&amp;tificate:</source>
        <translation>Zer&amp;tifikat:</translation>
    </message>
    <message>
        <source>Certificate</source>
        <translation>Zertifikat</translation>
    </message>
    <message>
        <source>Its &amp;key:</source>
        <translation>Sein &amp;Schlüssel:</translation>
    </message>
    <message>
        <source>Key of the certificate</source>
        <translation>Schlüssel des Zertifikats</translation>
    </message>
    <message>
        <source>Only this computer</source>
        <translation>Nur dieser Computer</translation>
    </message>
    <message>
        <source>Other computers too</source>
        <translation>Auch andere Computer</translation>
    </message>
    <message>
        <source>PEM files (*.pem *.crt *.cer *.key);;All files (*)</source>
        <translation>PEM-Dateien (*.pem *.crt *.cer *.key);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>TLS encryption PEM</source>
        <translation>TLS Verschlüsselung PEM</translation>
    </message>
    <message>
        <source>What is served now</source>
        <translation>Was gerade angeboten wird</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>&amp;Kopieren</translation>
    </message>
    <message>
        <source>Copy the address of the page</source>
        <translation>Adresse der Seite kopieren</translation>
    </message>
    <message>
        <source>A&amp;ddress:</source>
        <translation>A&amp;dresse:</translation>
    </message>
    <message>
        <source>Add it to OBS as a browser source. Whoever has it can read along. How it looks stands before the #, such as ?size=48&amp;lines=2.</source>
        <translation>Fügen Sie sie in OBS als Browserquelle hinzu. Wer sie hat, kann mitlesen. Wie sie aussieht, steht vor dem #, zum Beispiel ?size=48&amp;lines=2.</translation>
    </message>
    <message>
        <source>token link url page</source>
        <translation>Token Link URL Seite</translation>
    </message>
    <message>
        <source>Make a &amp;new address</source>
        <translation>&amp;Neue Adresse machen</translation>
    </message>
    <message>
        <source>The address so far leads nowhere from then on, in OBS too.</source>
        <translation>Die bisherige Adresse führt von da an nirgendwohin, auch in OBS.</translation>
    </message>
    <message>
        <source>token revoke key</source>
        <translation>Token widerrufen Schlüssel</translation>
    </message>
    <message>
        <source>The feed is being started…</source>
        <translation>Der Live-Feed wird gestartet…</translation>
    </message>
    <message>
        <source>The captions are not served.</source>
        <translation>Die Untertitel werden nicht angeboten.</translation>
    </message>
    <message>
        <source>Connected: {count}.</source>
        <translation>Verbunden: {count}.</translation>
    </message>
    <message>
        <source>Only this computer can connect.</source>
        <translation>Nur dieser Computer kann sich verbinden.</translation>
    </message>
    <message>
        <source>Other computers can connect too.</source>
        <translation>Auch andere Computer können sich verbinden.</translation>
    </message>
    <message>
        <source>The address will be another one at the next start.</source>
        <translation>Beim nächsten Start ist die Adresse eine andere.</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
</context>
<context>
    <name>FileField</name>
    <message>
        <source>Browse…</source>
        <translation>Durchsuchen …</translation>
    </message>
</context>
<context>
    <name>HealthDot</name>
    <message>
        <source>Health</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Health: {state}</source>
        <translation>Zustand: {state}</translation>
    </message>
</context>
<context>
    <name>HealthState</name>
    <message>
        <source>Stopped</source>
        <translation>Gestoppt</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>Startet</translation>
    </message>
    <message>
        <source>Listening</source>
        <translation>Hört zu</translation>
    </message>
    <message>
        <source>Degraded</source>
        <translation>Eingeschränkt</translation>
    </message>
    <message>
        <source>No sound</source>
        <translation>Kein Ton</translation>
    </message>
    <message>
        <source>Reconnecting</source>
        <translation>Verbindet neu</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
</context>
<context>
    <name>HearStep</name>
    <message>
        <source>What the &amp;computer plays: calls, videos, music</source>
        <translation>Was der &amp;Computer wiedergibt: Anrufe, Videos, Musik</translation>
    </message>
    <message>
        <source>The &amp;microphone: people in this room</source>
        <translation>Das &amp;Mikrofon: Menschen in diesem Raum</translation>
    </message>
    <message>
        <source>B&amp;oth, told apart as You and Others</source>
        <translation>Be&amp;ides, unterschieden als Sie und Andere</translation>
    </message>
    <message>
        <source>&amp;Automatic: what the computer plays, else the microphone</source>
        <translation>&amp;Automatisch: was der Computer wiedergibt, sonst das Mikrofon</translation>
    </message>
    <message>
        <source>&amp;Device:</source>
        <translation>&amp;Gerät:</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Let something be heard: the bar moves when sound arrives.</source>
        <translation>Lassen Sie etwas hören: Der Balken bewegt sich, wenn Ton ankommt.</translation>
    </message>
    <message>
        <source>What do you want to read?</source>
        <translation>Was möchten Sie mitlesen?</translation>
    </message>
</context>
<context>
    <name>HistoryPage</name>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Transcripts on this computer</source>
        <translation>Mitschriften auf diesem Computer</translation>
    </message>
    <message>
        <source>&amp;Keep what was said</source>
        <translation>A&amp;ufbewahren, was gesagt wurde</translation>
    </message>
    <message>
        <source>Only you can read it. While this is off, nothing that is said is written down.</source>
        <translation>Nur Sie können es lesen. Solange dies ausgeschaltet ist, wird nichts aufgeschrieben, was gesagt wird.</translation>
    </message>
    <message>
        <source>private mode record log</source>
        <translation>privat Modus aufzeichnen Protokoll mitschreiben</translation>
    </message>
    <message>
        <source> days</source>
        <translation> Tage</translation>
    </message>
    <message>
        <source>Until you delete it</source>
        <translation>Bis Sie es löschen</translation>
    </message>
    <message>
        <source>&amp;For:</source>
        <translation>&amp;Dauer:</translation>
    </message>
    <message>
        <source>What is older is deleted for good.</source>
        <translation>Was älter ist, wird endgültig gelöscht.</translation>
    </message>
    <message>
        <source>retention expire</source>
        <translation>Frist Ablauf behalten</translation>
    </message>
    <message>
        <source>F&amp;older:</source>
        <translation>&amp;Ordner:</translation>
    </message>
    <message>
        <source>Transcripts move along when you choose another one.</source>
        <translation>Die Mitschriften ziehen mit um, wenn Sie einen anderen wählen.</translation>
    </message>
    <message>
        <source>directory place path</source>
        <translation>Verzeichnis Ort Pfad</translation>
    </message>
    <message>
        <source>C&amp;hoose…</source>
        <translation>&amp;Wählen …</translation>
    </message>
    <message>
        <source>Choose the folder of the transcripts</source>
        <translation>Ordner der Mitschriften wählen</translation>
    </message>
    <message>
        <source>Folder of the transcripts</source>
        <translation>Ordner der Mitschriften</translation>
    </message>
    <message>
        <source>E&amp;ncrypt them</source>
        <translation>Ver&amp;schlüsseln</translation>
    </message>
    <message>
        <source>With a key in your keyring. Without that keyring nobody can read them, not even you. Exported files and copies are not encrypted.</source>
        <translation>Mit einem Schlüssel in Ihrem Schlüsselbund. Ohne diesen Schlüsselbund kann niemand sie lesen, auch Sie nicht. Exportierte Dateien und Kopien sind nicht verschlüsselt.</translation>
    </message>
    <message>
        <source>password secret privacy protect</source>
        <translation>Passwort geheim Datenschutz schützen</translation>
    </message>
    <message>
        <source>What is kept now</source>
        <translation>Was jetzt aufbewahrt ist</translation>
    </message>
    <message>
        <source>Open the fol&amp;der</source>
        <translation>Ordner ö&amp;ffnen</translation>
    </message>
    <message>
        <source>show files</source>
        <translation>Dateien anzeigen</translation>
    </message>
    <message>
        <source>&amp;Export all</source>
        <translation>Alle &amp;exportieren</translation>
    </message>
    <message>
        <source>{format} (.{ending})…</source>
        <translation>{format} (.{ending}) …</translation>
    </message>
    <message>
        <source>A file for each transcript, into a folder that you choose.</source>
        <translation>Eine Datei für jede Mitschrift, in einen Ordner, den Sie wählen.</translation>
    </message>
    <message>
        <source>save copy subtitles</source>
        <translation>speichern kopieren Untertitel</translation>
    </message>
    <message>
        <source>De&amp;lete all…</source>
        <translation>Alle &amp;löschen …</translation>
    </message>
    <message>
        <source>erase remove</source>
        <translation>entfernen tilgen</translation>
    </message>
    <message>
        <source>Progress of the export</source>
        <translation>Fortschritt des Exports</translation>
    </message>
    <message>
        <source>Nothing is kept yet.</source>
        <translation>Noch ist nichts aufbewahrt.</translation>
    </message>
    <message>
        <source>Transcripts: {runs}. Captions in them: {captions}. Size: {size}.</source>
        <translation>Mitschriften: {runs}. Untertitel darin: {captions}. Größe: {size}.</translation>
    </message>
    <message>
        <source>The transcripts are being encrypted: {percent} % are done.</source>
        <translation>Die Mitschriften werden verschlüsselt: {percent} % sind fertig.</translation>
    </message>
    <message>
        <source>The encryption of the transcripts is being removed: {percent} % are done.</source>
        <translation>Die Verschlüsselung der Mitschriften wird aufgehoben: {percent} % sind fertig.</translation>
    </message>
    <message>
        <source>No program opens folders here. This one is {folder}.</source>
        <translation>Hier öffnet kein Programm Ordner. Dieser ist {folder}.</translation>
    </message>
    <message>
        <source>Export all transcripts</source>
        <translation>Alle Mitschriften exportieren</translation>
    </message>
    <message>
        <source>Transcripts in {folder}: {count}.</source>
        <translation>Mitschriften in {folder}: {count}.</translation>
    </message>
    <message>
        <source>Delete all transcripts</source>
        <translation>Alle Mitschriften löschen</translation>
    </message>
    <message>
        <source>Delete all transcripts for good?</source>
        <translation>Alle Mitschriften endgültig löschen?</translation>
    </message>
    <message>
        <source>{amount} Nothing of them can be brought back.</source>
        <translation>{amount} Nichts davon lässt sich zurückholen.</translation>
    </message>
    <message>
        <source>&amp;Delete</source>
        <translation>&amp;Löschen</translation>
    </message>
    <message>
        <source>All transcripts are deleted.</source>
        <translation>Alle Mitschriften sind gelöscht.</translation>
    </message>
</context>
<context>
    <name>HoverRow</name>
    <message>
        <source>Pause</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Let the captions stand still</source>
        <translation>Die Untertitel stehen lassen</translation>
    </message>
    <message>
        <source>Menu</source>
        <translation>Menü</translation>
    </message>
    <message>
        <source>All that can be asked of Captioner</source>
        <translation>Alles, was Captioner tun kann</translation>
    </message>
</context>
<context>
    <name>KeyField</name>
    <message>
        <source>Default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>Default key for: {name}</source>
        <translation>Standardtaste für: {name}</translation>
    </message>
    <message>
        <source>No key</source>
        <translation>Keine Taste</translation>
    </message>
</context>
<context>
    <name>LevelMeter</name>
    <message>
        <source>No sound arrives</source>
        <translation>Kein Ton kommt an</translation>
    </message>
    <message>
        <source>Silent</source>
        <translation>Still</translation>
    </message>
    <message>
        <source>Too loud</source>
        <translation>Zu laut</translation>
    </message>
    <message>
        <source>Quiet</source>
        <translation>Leise</translation>
    </message>
    <message>
        <source>Good</source>
        <translation>Gut</translation>
    </message>
    <message>
        <source>{level} dB  {word}</source>
        <translation>{level} dB  {word}</translation>
    </message>
</context>
<context>
    <name>LevelMeters</name>
    <message>
        <source>Level</source>
        <translation>Pegel</translation>
    </message>
</context>
<context>
    <name>LicenceList</name>
    <message>
        <source>Packages</source>
        <translation>Pakete</translation>
    </message>
    <message>
        <source>Package</source>
        <translation>Paket</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>Version</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <source>Text of the licence</source>
        <translation>Text der Lizenz</translation>
    </message>
    <message>
        <source>This package is installed without the text of its licence.</source>
        <translation>Dieses Paket ist ohne den Text seiner Lizenz installiert.</translation>
    </message>
</context>
<context>
    <name>LiveButton</name>
    <message>
        <source>Live</source>
        <translation>Live</translation>
    </message>
    <message>
        <source>Held · Live</source>
        <translation>Angehalten · Live</translation>
    </message>
    <message>
        <source>1 new line · Live</source>
        <translation>1 neue Zeile · Live</translation>
    </message>
    <message>
        <source>{count} new lines · Live</source>
        <translation>{count} neue Zeilen · Live</translation>
    </message>
    <message>
        <source>Follow the newest captions again</source>
        <translation>Wieder den neuesten Untertiteln folgen</translation>
    </message>
</context>
<context>
    <name>Look</name>
    <message>
        <source>The font “{family}” is not installed; the system&apos;s own stands in.</source>
        <translation>Die Schriftart „{family}“ ist nicht installiert; die des Systems springt ein.</translation>
    </message>
    <message>
        <source>The letters are painted more solid, because they could not be read.</source>
        <translation>Die Buchstaben werden deckender gezeichnet, denn sie wären nicht lesbar.</translation>
    </message>
    <message>
        <source>Over some windows these colours could not be read, so the letters get an outline. A more solid box or window makes it unnecessary.</source>
        <translation>Über manchen Fenstern wären diese Farben nicht lesbar, deshalb bekommen die Buchstaben einen Umriss. Ein deckenderer Kasten oder ein deckenderes Fenster macht ihn überflüssig.</translation>
    </message>
</context>
<context>
    <name>LookPage</name>
    <message>
        <source>Look</source>
        <translation>Aussehen</translation>
    </message>
    <message>
        <source>To start from</source>
        <translation>Zum Anfangen</translation>
    </message>
    <message>
        <source>A look of your own</source>
        <translation>Eigenes Aussehen</translation>
    </message>
    <message>
        <source>&amp;Preset:</source>
        <translation>&amp;Vorlage:</translation>
    </message>
    <message>
        <source>Whatever you choose on this page is seen on the captions at once.</source>
        <translation>Was Sie auf dieser Seite wählen, sehen Sie sofort an den Untertiteln.</translation>
    </message>
    <message>
        <source>theme style scheme high contrast large</source>
        <translation>Design Stil Schema hoher Kontrast groß</translation>
    </message>
    <message>
        <source>Advice on contrast</source>
        <translation>Rat zum Kontrast</translation>
    </message>
    <message>
        <source>Letters</source>
        <translation>Schrift</translation>
    </message>
    <message>
        <source>&amp;Font:</source>
        <translation>&amp;Schriftart:</translation>
    </message>
    <message>
        <source>family typeface</source>
        <translation>Schriftfamilie</translation>
    </message>
    <message>
        <source>&amp;Size:</source>
        <translation>&amp;Größe:</translation>
    </message>
    <message>
        <source>Normal</source>
        <translation>Normal</translation>
    </message>
    <message>
        <source>Medium</source>
        <translation>Mittel</translation>
    </message>
    <message>
        <source>Bold</source>
        <translation>Fett</translation>
    </message>
    <message>
        <source>&amp;Weight:</source>
        <translation>Stär&amp;ke:</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>Raised</source>
        <translation>Erhaben</translation>
    </message>
    <message>
        <source>Depressed</source>
        <translation>Vertieft</translation>
    </message>
    <message>
        <source>Outline</source>
        <translation>Umriss</translation>
    </message>
    <message>
        <source>Drop shadow</source>
        <translation>Schatten</translation>
    </message>
    <message>
        <source>&amp;Edges:</source>
        <translation>Ka&amp;nten:</translation>
    </message>
    <message>
        <source>They keep letters apart from whatever is behind them.</source>
        <translation>Sie heben die Buchstaben von allem ab, was dahinter ist.</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>Farben</translation>
    </message>
    <message>
        <source>&amp;Text:</source>
        <translation>&amp;Text:</translation>
    </message>
    <message>
        <source>Opacity of the te&amp;xt:</source>
        <translation>Deckkraft des Te&amp;xts:</translation>
    </message>
    <message>
        <source>&amp;Box behind each line:</source>
        <translation>Kasten hinter jeder &amp;Zeile:</translation>
    </message>
    <message>
        <source>Opacity of the b&amp;ox:</source>
        <translation>&amp;Deckkraft des Kastens:</translation>
    </message>
    <message>
        <source>Whole w&amp;indow:</source>
        <translation>Ganzes &amp;Fenster:</translation>
    </message>
    <message>
        <source>Opacity of the wi&amp;ndow:</source>
        <translation>Deckkraft des F&amp;ensters:</translation>
    </message>
    <message>
        <source>At 0 % only the letters and their box are seen.</source>
        <translation>Bei 0 % sind nur die Buchstaben und ihr Kasten zu sehen.</translation>
    </message>
    <message>
        <source>color</source>
        <translation>Farbton</translation>
    </message>
    <message>
        <source>Follow the system&apos;s wish for &amp;high contrast</source>
        <translation>Wunsch des Systems nach &amp;hohem Kontrast befolgen</translation>
    </message>
    <message>
        <source>While the system wants it, captions are white on solid black.</source>
        <translation>Solange das System ihn wünscht, sind die Untertitel weiß auf festem Schwarz.</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>Zeilen</translation>
    </message>
    <message>
        <source>&amp;Lines of captions:</source>
        <translation>Zei&amp;len mit Untertiteln:</translation>
    </message>
    <message>
        <source>New lines &amp;glide in</source>
        <translation>Neue Zeilen gleiten here&amp;in</translation>
    </message>
    <message>
        <source>Otherwise they are there at once, without any motion.</source>
        <translation>Sonst sind sie sofort da, ohne jede Bewegung.</translation>
    </message>
    <message>
        <source>smooth scroll animation reduced motion</source>
        <translation>weich rollen Animation weniger Bewegung</translation>
    </message>
    <message>
        <source>{font} (not installed)</source>
        <translation>{font} (nicht installiert)</translation>
    </message>
    <message>
        <source>The system&apos;s own</source>
        <translation>Die des Systems</translation>
    </message>
    <message>
        <source>The system wants high contrast, so colours, opacities and edges are not those chosen here.</source>
        <translation>Das System wünscht hohen Kontrast, deshalb sind Farben, Deckkraft und Kanten nicht die hier gewählten.</translation>
    </message>
</context>
<context>
    <name>LookStep</name>
    <message>
        <source>Look at the captions while you choose: they show it at once.</source>
        <translation>Sehen Sie beim Auswählen auf die Untertitel: Sie zeigen es sofort.</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>Aussehen</translation>
    </message>
    <message>
        <source>Size of the text</source>
        <translation>Größe der Schrift</translation>
    </message>
    <message>
        <source>&amp;Size:</source>
        <translation>&amp;Größe:</translation>
    </message>
    <message>
        <source>How shall captions look?</source>
        <translation>Wie sollen die Untertitel aussehen?</translation>
    </message>
</context>
<context>
    <name>MoreTrends</name>
    <message>
        <source>Speech to first words</source>
        <translation>Redebeginn bis erste Wörter</translation>
    </message>
    <message>
        <source>Speech end to final</source>
        <translation>Redeende bis Endfassung</translation>
    </message>
    <message>
        <source>Shown after</source>
        <translation>Angezeigt nach</translation>
    </message>
    <message>
        <source>Words taken back</source>
        <translation>Zurückgenommene Wörter</translation>
    </message>
    <message>
        <source>Embedded engine</source>
        <translation>Spracherkennung</translation>
    </message>
    <message>
        <source>No caption</source>
        <translation>Keine Untertitel</translation>
    </message>
    <message>
        <source>at most {most} ms</source>
        <translation>höchstens {most} ms</translation>
    </message>
    <message>
        <source>{count} in all</source>
        <translation>{count} insgesamt</translation>
    </message>
    <message>
        <source>No word</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>at most {most} %</source>
        <translation>höchstens {most} %</translation>
    </message>
    <message>
        <source>Not in use</source>
        <translation>Nicht in Gebrauch</translation>
    </message>
</context>
<context>
    <name>Navigation</name>
    <message>
        <source>Search (Ctrl+F)</source>
        <translation>Suchen (Strg+F)</translation>
    </message>
    <message>
        <source>Search the settings</source>
        <translation>Einstellungen durchsuchen</translation>
    </message>
    <message>
        <source>Pages of the settings</source>
        <translation>Seiten der Einstellungen</translation>
    </message>
    <message>
        <source>Settings found</source>
        <translation>Gefundene Einstellungen</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation>Nichts gefunden</translation>
    </message>
</context>
<context>
    <name>Overlay</name>
    <message>
        <source>Live captions</source>
        <translation>Live-Untertitel</translation>
    </message>
    <message>
        <source>Clicks go through now; the tray menu ends that</source>
        <translation>Klicks gehen jetzt hindurch; das Menü im Infobereich beendet das</translation>
    </message>
    <message>
        <source>Clicks go through now; “captioner click-through” ends that</source>
        <translation>Klicks gehen jetzt hindurch; „captioner click-through“ beendet das</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
    <message>
        <source>There are no captions to copy yet</source>
        <translation>Es gibt noch keine Untertitel zum Kopieren</translation>
    </message>
    <message>
        <source>The system does not leave the captions out of captures</source>
        <translation>Das System hält die Untertitel nicht aus Aufnahmen heraus</translation>
    </message>
</context>
<context>
    <name>Page</name>
    <message>
        <source>Set by {origin}.</source>
        <translation>Festgelegt durch {origin}.</translation>
    </message>
</context>
<context>
    <name>PastWindow</name>
    <message>
        <source>Captioner past transcripts</source>
        <translation>Captioner: frühere Mitschriften</translation>
    </message>
    <message>
        <source>Words, or their beginnings</source>
        <translation>Wörter oder ihre Anfänge</translation>
    </message>
    <message>
        <source>Transcripts</source>
        <translation>Mitschriften</translation>
    </message>
    <message>
        <source>&amp;Delete…</source>
        <translation>&amp;Löschen…</translation>
    </message>
    <message>
        <source>C&amp;lose</source>
        <translation>S&amp;chließen</translation>
    </message>
    <message>
        <source>S&amp;earch:</source>
        <translation>S&amp;uchen:</translation>
    </message>
    <message>
        <source>Nothing was found.</source>
        <translation>Es wurde nichts gefunden.</translation>
    </message>
    <message>
        <source>There are no transcripts yet.</source>
        <translation>Es gibt noch keine Mitschriften.</translation>
    </message>
    <message>
        <source>Delete the transcript</source>
        <translation>Mitschrift löschen</translation>
    </message>
    <message>
        <source>Delete this transcript for good?</source>
        <translation>Diese Mitschrift endgültig löschen?</translation>
    </message>
    <message>
        <source>&amp;Delete</source>
        <translation>&amp;Löschen</translation>
    </message>
    <message>
        <source>The transcript is deleted.</source>
        <translation>Die Mitschrift ist gelöscht.</translation>
    </message>
    <message>
        <source>This transcript has been deleted meanwhile.</source>
        <translation>Diese Mitschrift ist inzwischen gelöscht worden.</translation>
    </message>
</context>
<context>
    <name>PercentSlider</name>
    <message>
        <source>{percent} %</source>
        <translation>{percent} %</translation>
    </message>
</context>
<context>
    <name>Preferences</name>
    <message>
        <source>Captioner settings</source>
        <translation>Captioner-Einstellungen</translation>
    </message>
    <message>
        <source>There are changes that are not applied yet.</source>
        <translation>Es gibt Änderungen, die noch nicht angewendet sind.</translation>
    </message>
    <message>
        <source>Apply and close</source>
        <translation>Anwenden und schließen</translation>
    </message>
    <message>
        <source>Discard and close</source>
        <translation>Verwerfen und schließen</translation>
    </message>
    <message>
        <source>Stay here</source>
        <translation>Hierbleiben</translation>
    </message>
    <message>
        <source>Go there</source>
        <translation>Dorthin</translation>
    </message>
</context>
<context>
    <name>Presets</name>
    <message>
        <source>Default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>Hoher Kontrast</translation>
    </message>
    <message>
        <source>Large</source>
        <translation>Groß</translation>
    </message>
    <message>
        <source>Large, high contrast</source>
        <translation>Groß, hoher Kontrast</translation>
    </message>
    <message>
        <source>Yellow on black</source>
        <translation>Gelb auf Schwarz</translation>
    </message>
    <message>
        <source>Outline without a box</source>
        <translation>Umriss ohne Kasten</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
</context>
<context>
    <name>RecogniseStep</name>
    <message>
        <source>In &amp;this computer</source>
        <translation>Auf &amp;diesem Computer</translation>
    </message>
    <message>
        <source>On a &amp;server of yours</source>
        <translation>Auf einem &amp;Server von Ihnen</translation>
    </message>
    <message>
        <source>riva.example.org:50051</source>
        <translation>riva.example.org:50051</translation>
    </message>
    <message>
        <source>&amp;Encrypted (TLS)</source>
        <translation>&amp;Verschlüsselt (TLS)</translation>
    </message>
    <message>
        <source>&amp;More in the settings…</source>
        <translation>&amp;Mehr in den Einstellungen…</translation>
    </message>
    <message>
        <source>Where shall speech be recognised?</source>
        <translation>Wo soll die Sprache erkannt werden?</translation>
    </message>
    <message>
        <source>Nothing leaves this computer. English only.</source>
        <translation>Nichts verlässt diesen Computer. Nur Englisch.</translation>
    </message>
    <message>
        <source>A server that speaks NVIDIA&apos;s Riva protocol. It may know more languages.</source>
        <translation>Ein Server, der das Riva-Protokoll von NVIDIA spricht. Er kann weitere Sprachen kennen.</translation>
    </message>
    <message>
        <source>&amp;Address:</source>
        <translation>&amp;Adresse:</translation>
    </message>
    <message>
        <source>Address of the server</source>
        <translation>Adresse des Servers</translation>
    </message>
    <message>
        <source>You have set up servers in the settings; they can be changed there.</source>
        <translation>Sie haben in den Einstellungen Server eingerichtet; dort können sie geändert werden.</translation>
    </message>
    <message>
        <source>Enter the address of the server, or choose this computer.</source>
        <translation>Geben Sie die Adresse des Servers ein, oder wählen Sie diesen Computer.</translation>
    </message>
</context>
<context>
    <name>RecogniserChoice</name>
    <message>
        <source>&amp;In use:</source>
        <translation>&amp;In Gebrauch:</translation>
    </message>
    <message>
        <source>The menu of the captions offers the same as “Recogniser”.</source>
        <translation>Das Menü der Untertitel bietet dasselbe unter „Spracherkennung“ an.</translation>
    </message>
    <message>
        <source>embedded engine preferred offline</source>
        <translation>eingebaute Spracherkennung bevorzugt offline</translation>
    </message>
    <message>
        <source>The servers as they are listed</source>
        <translation>Die Server in ihrer Reihenfolge</translation>
    </message>
    <message>
        <source>{server} before the others</source>
        <translation>{server} vor den anderen</translation>
    </message>
    <message>
        <source>This computer alone</source>
        <translation>Nur dieser Computer</translation>
    </message>
    <message>
        <source>{name} (not there)</source>
        <translation>{name} (nicht vorhanden)</translation>
    </message>
</context>
<context>
    <name>Reports</name>
    <message>
        <source>MOCK ENGINE: the words are scripted</source>
        <translation>ATTRAPPE: Die Wörter stehen vorher fest</translation>
    </message>
    <message>
        <source>System audio: {name}</source>
        <translation>Systemton: {name}</translation>
    </message>
    <message>
        <source>Microphone: {name}</source>
        <translation>Mikrofon: {name}</translation>
    </message>
    <message>
        <source>File: {name}</source>
        <translation>Datei: {name}</translation>
    </message>
    <message>
        <source>Standard input: {name}</source>
        <translation>Standardeingabe: {name}</translation>
    </message>
</context>
<context>
    <name>SaveButton</name>
    <message>
        <source>&amp;Save as</source>
        <translation>Speiche&amp;rn unter</translation>
    </message>
    <message>
        <source>{format} (.{ending})…</source>
        <translation>{format} (.{ending})…</translation>
    </message>
    <message>
        <source>There are no captions to save yet</source>
        <translation>Es gibt noch keine Untertitel zu speichern</translation>
    </message>
    <message>
        <source>Save the transcript</source>
        <translation>Mitschrift speichern</translation>
    </message>
    <message>
        <source>The transcript is saved as {file}.</source>
        <translation>Die Mitschrift ist als {file} gespeichert.</translation>
    </message>
</context>
<context>
    <name>SearchBar</name>
    <message>
        <source>&amp;Find:</source>
        <translation>&amp;Suchen:</translation>
    </message>
    <message>
        <source>Words to find</source>
        <translation>Gesuchte Wörter</translation>
    </message>
    <message>
        <source>&amp;Previous</source>
        <translation>&amp;Vorige</translation>
    </message>
    <message>
        <source>&amp;Next</source>
        <translation>&amp;Nächste</translation>
    </message>
    <message>
        <source>Places found</source>
        <translation>Gefundene Stellen</translation>
    </message>
    <message>
        <source>Not found</source>
        <translation>Nicht gefunden</translation>
    </message>
    <message>
        <source>1 place</source>
        <translation>1 Stelle</translation>
    </message>
    <message>
        <source>{count} places</source>
        <translation>{count} Stellen</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation>{number} von {count}</translation>
    </message>
</context>
<context>
    <name>Sentences</name>
    <message>
        <source>&quot;{0}&quot; cannot be captured: {1}.</source>
        <translation>„{0}“ kann nicht aufgenommen werden: {1}.</translation>
    </message>
    <message>
        <source>&quot;{0}&quot; cannot be heard any more. {1}</source>
        <translation>„{0}“ kann nicht mehr gehört werden. {1}</translation>
    </message>
    <message>
        <source>&quot;{0}&quot; cannot be listened to: {1}.</source>
        <translation>„{0}“ kann nicht abgehört werden: {1}.</translation>
    </message>
    <message>
        <source>&quot;{0}&quot; cannot be opened: {1}.</source>
        <translation>„{0}“ kann nicht geöffnet werden: {1}.</translation>
    </message>
    <message>
        <source>&quot;{0}&quot; claims {1} samples a second in {2} channels: that is not sound, or the file is damaged.</source>
        <translation>„{0}“ gibt {1} Abtastwerte pro Sekunde in {2} Kanälen an: Das ist kein Ton, oder die Datei ist beschädigt.</translation>
    </message>
    <message>
        <source>&quot;{0}&quot; delivers no sound, not even silence.</source>
        <translation>„{0}“ liefert keinen Ton, nicht einmal Stille.</translation>
    </message>
    <message>
        <source>&quot;{0}&quot; has no ending that names a format.</source>
        <translation>„{0}“ hat keine Endung, die ein Format nennt.</translation>
    </message>
    <message>
        <source>&quot;{0}&quot; is a folder.</source>
        <translation>„{0}“ ist ein Ordner.</translation>
    </message>
    <message>
        <source>&quot;{0}&quot; is not a regular file.</source>
        <translation>„{0}“ ist keine gewöhnliche Datei.</translation>
    </message>
    <message>
        <source>&quot;{0}&quot; is not a sound file, or it is damaged.</source>
        <translation>„{0}“ ist keine Tondatei, oder sie ist beschädigt.</translation>
    </message>
    <message>
        <source>&quot;{0}&quot; is not in a format that Captioner reads by itself (wav, flac, ogg, opus, mp3).</source>
        <translation>„{0}“ hat kein Format, das Captioner selbst liest (wav, flac, ogg, opus, mp3).</translation>
    </message>
    <message>
        <source>&quot;{0}&quot; may not be read.</source>
        <translation>„{0}“ darf nicht gelesen werden.</translation>
    </message>
    <message>
        <source>&quot;{0}&quot; stopped by itself.</source>
        <translation>„{0}“ hat von selbst aufgehört.</translation>
    </message>
    <message>
        <source>A client key is set for {0}, but no client certificate.</source>
        <translation>Für {0} ist ein Client-Schlüssel eingestellt, aber kein Client-Zertifikat.</translation>
    </message>
    <message>
        <source>A key or password in {0} is not used, because secrets do not belong into that file. Keep the key in the keyring or in RIVA_API_KEY, and remove it from there; a proxy with a password goes into RIVA_PROXY.</source>
        <translation>Ein Schlüssel oder Passwort in {0} wird nicht verwendet, denn Geheimnisse gehören nicht in diese Datei. Bewahren Sie den Schlüssel im Schlüsselbund oder in RIVA_API_KEY auf und entfernen Sie ihn von dort; ein Proxy mit Passwort gehört in RIVA_PROXY.</translation>
    </message>
    <message>
        <source>A new one is opened.</source>
        <translation>Eine neue wird geöffnet.</translation>
    </message>
    <message>
        <source>Another program holds the transcripts in {0}.</source>
        <translation>Ein anderes Programm hält die Mitschriften in {0} fest.</translation>
    </message>
    <message>
        <source>Another program is at work on the transcripts in {0}.</source>
        <translation>Ein anderes Programm arbeitet gerade an den Mitschriften in {0}.</translation>
    </message>
    <message>
        <source>Another program may be using it: close that, or choose another device.</source>
        <translation>Vielleicht verwendet es ein anderes Programm: Schließen Sie es, oder wählen Sie ein anderes Gerät.</translation>
    </message>
    <message>
        <source>Another program may have taken it for itself (exclusive mode): close that.</source>
        <translation>Vielleicht hat ein anderes Programm es für sich allein belegt (exklusiver Modus): Schließen Sie es.</translation>
    </message>
    <message>
        <source>Both must be PEM files of one pair; the key must not have a password.</source>
        <translation>Beide müssen PEM-Dateien sein, die zusammengehören; der Schlüssel darf kein Passwort haben.</translation>
    </message>
    <message>
        <source>Bring back the keyring that has it, under captioner and history.</source>
        <translation>Stellen Sie den Schlüsselbund wieder her, der ihn unter captioner und history enthält.</translation>
    </message>
    <message>
        <source>Bring back the keyring that has their key, under captioner and history.</source>
        <translation>Stellen Sie den Schlüsselbund wieder her, der ihren Schlüssel unter captioner und history enthält.</translation>
    </message>
    <message>
        <source>Bring back what was there under captioner and history.</source>
        <translation>Stellen Sie wieder her, was dort unter captioner und history stand.</translation>
    </message>
    <message>
        <source>Captioner goes on as soon as it can. {0}</source>
        <translation>Captioner macht weiter, sobald es geht. {0}</translation>
    </message>
    <message>
        <source>Captioner met a fault of its own, and captions have stopped.</source>
        <translation>In Captioner ist ein eigener Fehler aufgetreten, die Untertitel wurden gestoppt.</translation>
    </message>
    <message>
        <source>Captions appear as soon as something plays. If you hear sound, choose another output.</source>
        <translation>Untertitel erscheinen, sobald etwas abgespielt wird. Wenn Sie Ton hören, wählen Sie eine andere Ausgabe.</translation>
    </message>
    <message>
        <source>Captions are starting.</source>
        <translation>Die Untertitel werden gestartet.</translation>
    </message>
    <message>
        <source>Captions are stopped.</source>
        <translation>Die Untertitel sind gestoppt.</translation>
    </message>
    <message>
        <source>Captions are stopping.</source>
        <translation>Die Untertitel werden gestoppt.</translation>
    </message>
    <message>
        <source>Captions cannot be served at {0}: it is no address of this computer.</source>
        <translation>Untertitel können unter {0} nicht bereitgestellt werden: Das ist keine Adresse dieses Computers.</translation>
    </message>
    <message>
        <source>Captions cannot be served at {0}: the port is in use by another program.</source>
        <translation>Untertitel können unter {0} nicht bereitgestellt werden: Ein anderes Programm benutzt den Port.</translation>
    </message>
    <message>
        <source>Captions go on, and what is said is kept as soon as that is possible.</source>
        <translation>Die Untertitel laufen weiter, und was gesagt wird, wird aufbewahrt, sobald das möglich ist.</translation>
    </message>
    <message>
        <source>Captions go on. In the last minute the stream to {0} broke {1}: {2}</source>
        <translation>Die Untertitel gehen weiter. In der letzten Minute brach der Datenstrom zu {0} ab ({1}): {2}</translation>
    </message>
    <message>
        <source>Captions have stopped.</source>
        <translation>Die Untertitel wurden gestoppt.</translation>
    </message>
    <message>
        <source>Captions would be open to others at {0} without encryption.</source>
        <translation>Untertitel wären unter {0} unverschlüsselt für andere zugänglich.</translation>
    </message>
    <message>
        <source>Check --token-file.</source>
        <translation>Prüfen Sie --token-file.</translation>
    </message>
    <message>
        <source>Check host and port, that the server is on, and that no firewall is in between.</source>
        <translation>Prüfen Sie Host und Port, ob der Server läuft und ob eine Firewall dazwischen ist.</translation>
    </message>
    <message>
        <source>Check host and port.</source>
        <translation>Prüfen Sie Host und Port.</translation>
    </message>
    <message>
        <source>Check its permissions, and save it as UTF-8.</source>
        <translation>Prüfen Sie ihre Zugriffsrechte, und speichern Sie sie als UTF-8.</translation>
    </message>
    <message>
        <source>Check its permissions, or choose another folder with --profile-dir.</source>
        <translation>Prüfen Sie ihre Zugriffsrechte, oder wählen Sie mit --profile-dir einen anderen Ordner.</translation>
    </message>
    <message>
        <source>Check its spelling, and that this computer is online. Names inside a company&apos;s network often need its VPN.</source>
        <translation>Prüfen Sie die Schreibweise und ob dieser Computer online ist. Namen im Netz einer Firma brauchen oft deren VPN.</translation>
    </message>
    <message>
        <source>Check that TLS is on at both ends, that the CA file is the server&apos;s, and whether it wants a client certificate.</source>
        <translation>Prüfen Sie, ob TLS auf beiden Seiten eingeschaltet ist, ob die CA-Datei die des Servers ist und ob er ein Client-Zertifikat verlangt.</translation>
    </message>
    <message>
        <source>Check that it is the right file.</source>
        <translation>Prüfen Sie, ob es die richtige Datei ist.</translation>
    </message>
    <message>
        <source>Check that it may reach this server, or go without it (RIVA_PROXY=none).</source>
        <translation>Prüfen Sie, ob er diesen Server erreichen darf, oder verzichten Sie auf ihn (RIVA_PROXY=none).</translation>
    </message>
    <message>
        <source>Check that the CA file (RIVA_SSL_CERT) is a PEM file with certificates, and that the client&apos;s key belongs to its certificate.</source>
        <translation>Prüfen Sie, ob die CA-Datei (RIVA_SSL_CERT) eine PEM-Datei mit Zertifikaten ist und ob der Client-Schlüssel zu seinem Zertifikat gehört.</translation>
    </message>
    <message>
        <source>Check that the microphone is not muted, or choose another one.</source>
        <translation>Prüfen Sie, ob das Mikrofon stummgeschaltet ist, oder wählen Sie ein anderes.</translation>
    </message>
    <message>
        <source>Check that the server runs and that the network reaches it.</source>
        <translation>Prüfen Sie, ob der Server läuft und ob das Netz ihn erreicht.</translation>
    </message>
    <message>
        <source>Check that this computer is online, and whether the server needs a VPN.</source>
        <translation>Prüfen Sie, ob dieser Computer online ist und ob der Server ein VPN braucht.</translation>
    </message>
    <message>
        <source>Check the API key for this server.</source>
        <translation>Prüfen Sie den API-Schlüssel für diesen Server.</translation>
    </message>
    <message>
        <source>Check the free space and the permissions of that folder, or choose another with --profile-dir.</source>
        <translation>Prüfen Sie den freien Platz und die Zugriffsrechte dieses Ordners, oder wählen Sie mit --profile-dir einen anderen.</translation>
    </message>
    <message>
        <source>Check the function id (RIVA_FUNCTION_ID); hosted services change them.</source>
        <translation>Prüfen Sie die Funktions-ID (RIVA_FUNCTION_ID); gehostete Dienste ändern sie.</translation>
    </message>
    <message>
        <source>Check the model, the language and the sample rate against what it offers.</source>
        <translation>Vergleichen Sie Modell, Sprache und Abtastrate mit dem, was er anbietet.</translation>
    </message>
    <message>
        <source>Check the name, or copy the file to another place and try that one.</source>
        <translation>Prüfen Sie den Namen, oder kopieren Sie die Datei an einen anderen Ort und versuchen Sie es mit dieser.</translation>
    </message>
    <message>
        <source>Check the path of the clients&apos; authority.</source>
        <translation>Prüfen Sie den Pfad der Zertifizierungsstelle der Clients.</translation>
    </message>
    <message>
        <source>Check the path; .env.example shows what such a file looks like.</source>
        <translation>Prüfen Sie den Pfad; .env.example zeigt, wie eine solche Datei aussieht.</translation>
    </message>
    <message>
        <source>Check the paths of the certificate and of its key.</source>
        <translation>Prüfen Sie die Pfade des Zertifikats und seines Schlüssels.</translation>
    </message>
    <message>
        <source>Check the port, and restart the server if it hangs. A container&apos;s port can be open with nothing behind it.</source>
        <translation>Prüfen Sie den Port, und starten Sie den Server neu, falls er hängt. Der Port eines Containers kann offen sein, ohne dass etwas dahinter ist.</translation>
    </message>
    <message>
        <source>Check the port, and that the server runs. A NIM opens it only once its models are loaded; its first start takes up to 30 minutes.</source>
        <translation>Prüfen Sie den Port und ob der Server läuft. Ein NIM öffnet ihn erst, wenn seine Modelle geladen sind; sein erster Start dauert bis zu 30 Minuten.</translation>
    </message>
    <message>
        <source>Check the port, or turn TLS off for this server (RIVA_SSL=false).</source>
        <translation>Prüfen Sie den Port, oder schalten Sie TLS für diesen Server aus (RIVA_SSL=false).</translation>
    </message>
    <message>
        <source>Check the proxy&apos;s address, or go without it (RIVA_PROXY=none).</source>
        <translation>Prüfen Sie die Adresse des Proxys, oder verzichten Sie auf ihn (RIVA_PROXY=none).</translation>
    </message>
    <message>
        <source>Check the spelling, and the folder you are in.</source>
        <translation>Prüfen Sie die Schreibweise und den Ordner, in dem Sie sind.</translation>
    </message>
    <message>
        <source>Check this computer&apos;s clock. If it is right, the certificate can be used only then.</source>
        <translation>Prüfen Sie die Uhr dieses Computers. Wenn sie stimmt, kann das Zertifikat erst dann verwendet werden.</translation>
    </message>
    <message>
        <source>Check whether it wants TLS (RIVA_SSL=true) or a client certificate, and that the recogniser behind the port runs.</source>
        <translation>Prüfen Sie, ob er TLS (RIVA_SSL=true) oder ein Client-Zertifikat verlangt und ob die Spracherkennung hinter dem Port läuft.</translation>
    </message>
    <message>
        <source>Choose a file that Captioner has exported, or the settings.json of a profile.</source>
        <translation>Wählen Sie eine Datei, die Captioner exportiert hat, oder die settings.json eines Profils.</translation>
    </message>
    <message>
        <source>Choose a folder that you may write to, on a disk with room, in the settings.</source>
        <translation>Wählen Sie in den Einstellungen einen Ordner, in den Sie schreiben dürfen, auf einem Datenträger mit Platz.</translation>
    </message>
    <message>
        <source>Choose a folder that you may write to.</source>
        <translation>Wählen Sie einen Ordner, in den Sie schreiben dürfen.</translation>
    </message>
    <message>
        <source>Choose another file, or check its permissions.</source>
        <translation>Wählen Sie eine andere Datei, oder prüfen Sie ihre Zugriffsrechte.</translation>
    </message>
    <message>
        <source>Choose another folder, or make room on the disk.</source>
        <translation>Wählen Sie einen anderen Ordner, oder schaffen Sie Platz auf dem Datenträger.</translation>
    </message>
    <message>
        <source>Choose another folder, or make room there.</source>
        <translation>Wählen Sie einen anderen Ordner, oder schaffen Sie dort Platz.</translation>
    </message>
    <message>
        <source>Choose another name, or delete it first.</source>
        <translation>Wählen Sie einen anderen Namen, oder löschen Sie die Datei zuerst.</translation>
    </message>
    <message>
        <source>Choose {0} as what is heard, or let the program play on {1}.</source>
        <translation>Wählen Sie {0} als Tonquelle oder lassen Sie das Programm auf {1} spielen.</translation>
    </message>
    <message>
        <source>Close other programs, check the network, or use a faster server.</source>
        <translation>Schließen Sie andere Programme, prüfen Sie das Netz, oder verwenden Sie einen schnelleren Server.</translation>
    </message>
    <message>
        <source>Close other programs, or use a faster server.</source>
        <translation>Schließen Sie andere Programme, oder verwenden Sie einen schnelleren Server.</translation>
    </message>
    <message>
        <source>Convert it to wav or flac with the program that made it.</source>
        <translation>Wandeln Sie sie mit dem Programm, das sie erzeugt hat, in wav oder flac um.</translation>
    </message>
    <message>
        <source>Copy both files once more (RIVA_SSL_CLIENT_CERT and RIVA_SSL_KEY).</source>
        <translation>Kopieren Sie beide Dateien noch einmal (RIVA_SSL_CLIENT_CERT und RIVA_SSL_KEY).</translation>
    </message>
    <message>
        <source>Copy the key once more; it consists of letters, digits and signs only.</source>
        <translation>Kopieren Sie den Schlüssel noch einmal; er besteht nur aus Buchstaben, Ziffern und Zeichen.</translation>
    </message>
    <message>
        <source>Decrypt it into a file that only you may read: `openssl pkey -in {0} -out FILE`, and name that one (RIVA_SSL_KEY).</source>
        <translation>Entschlüsseln Sie ihn in eine Datei, die nur Sie lesen dürfen: `openssl pkey -in {0} -out DATEI`, und nennen Sie diese (RIVA_SSL_KEY).</translation>
    </message>
    <message>
        <source>Embedded engine</source>
        <translation>Eingebaute Spracherkennung</translation>
    </message>
    <message>
        <source>End the program that has the file open.</source>
        <translation>Beenden Sie das Programm, das die Datei geöffnet hat.</translation>
    </message>
    <message>
        <source>For m4a, mp4, mkv and others install ffmpeg (sudo apt-get install ffmpeg), or the extra &apos;media&apos; (pip install &apos;captioner[media]&apos;).</source>
        <translation>Installieren Sie für m4a, mp4, mkv und andere ffmpeg (sudo apt-get install ffmpeg) oder das Extra „media“ (pip install &apos;captioner[media]&apos;).</translation>
    </message>
    <message>
        <source>Give HOST:PORT, such as riva.example.org:50051 or [2001:db8::1]:50051.</source>
        <translation>Geben Sie HOST:PORT an, etwa riva.example.org:50051 oder [2001:db8::1]:50051.</translation>
    </message>
    <message>
        <source>Give a PEM file: it has a line &apos;-----BEGIN CERTIFICATE-----&apos; (RIVA_SSL_CERT).</source>
        <translation>Geben Sie eine PEM-Datei an: Sie hat eine Zeile „-----BEGIN CERTIFICATE-----“ (RIVA_SSL_CERT).</translation>
    </message>
    <message>
        <source>Give a PEM file: it has a line &apos;-----BEGIN CERTIFICATE-----&apos; (RIVA_SSL_CLIENT_CERT).</source>
        <translation>Geben Sie eine PEM-Datei an: Sie hat eine Zeile „-----BEGIN CERTIFICATE-----“ (RIVA_SSL_CLIENT_CERT).</translation>
    </message>
    <message>
        <source>Give a PEM file: it has a line with &apos;BEGIN&apos; and &apos;PRIVATE KEY&apos; (RIVA_SSL_KEY).</source>
        <translation>Geben Sie eine PEM-Datei an: Sie hat eine Zeile mit „BEGIN“ und „PRIVATE KEY“ (RIVA_SSL_KEY).</translation>
    </message>
    <message>
        <source>Give a Riva or NIM server (--server HOST:PORT, or RIVA_HOST).</source>
        <translation>Geben Sie einen Riva- oder NIM-Server an (--server HOST:PORT oder RIVA_HOST).</translation>
    </message>
    <message>
        <source>Give a server that understands it (--server HOST:PORT, or RIVA_HOST), or choose en-US.</source>
        <translation>Geben Sie einen Server an, der sie versteht (--server HOST:PORT oder RIVA_HOST), oder wählen Sie en-US.</translation>
    </message>
    <message>
        <source>Give another value; `captioner config show` shows each setting as it is now.</source>
        <translation>Geben Sie einen anderen Wert an; `captioner config show` zeigt jede Einstellung, wie sie jetzt ist.</translation>
    </message>
    <message>
        <source>Give it a value.</source>
        <translation>Geben Sie ihm einen Wert.</translation>
    </message>
    <message>
        <source>Give it in RIVA_API_KEY, or keep it in the keyring: `captioner config set-key {0}:{1}`.</source>
        <translation>Geben Sie ihn in RIVA_API_KEY an, oder bewahren Sie ihn im Schlüsselbund auf: `captioner config set-key {0}:{1}`.</translation>
    </message>
    <message>
        <source>Give the PEM file of that authority (RIVA_SSL_CERT); whoever runs the server has it.</source>
        <translation>Geben Sie die PEM-Datei dieser Stelle an (RIVA_SSL_CERT); wer den Server betreibt, hat sie.</translation>
    </message>
    <message>
        <source>Give the PEM file of the authority that signs your clients&apos; certificates.</source>
        <translation>Geben Sie die PEM-Datei der Zertifizierungsstelle an, die die Zertifikate Ihrer Clients ausstellt.</translation>
    </message>
    <message>
        <source>Give the PEM file of the certificate too (RIVA_SSL_CLIENT_CERT).</source>
        <translation>Geben Sie auch die PEM-Datei des Zertifikats an (RIVA_SSL_CLIENT_CERT).</translation>
    </message>
    <message>
        <source>Give the client certificate and its key that you were issued for this server (RIVA_SSL_CLIENT_CERT and RIVA_SSL_KEY).</source>
        <translation>Geben Sie das Client-Zertifikat und seinen Schlüssel an, die für Sie und diesen Server ausgestellt wurden (RIVA_SSL_CLIENT_CERT und RIVA_SSL_KEY).</translation>
    </message>
    <message>
        <source>Give the path of a PEM file that you may read ({0}).</source>
        <translation>Geben Sie den Pfad einer PEM-Datei an, die Sie lesen dürfen ({0}).</translation>
    </message>
    <message>
        <source>Give the server a certificate for its own name.</source>
        <translation>Geben Sie dem Server ein Zertifikat für seinen eigenen Namen.</translation>
    </message>
    <message>
        <source>Give them in the environment: RIVA_PROXY=http://user:password@proxy:port.</source>
        <translation>Geben Sie sie in der Umgebung an: RIVA_PROXY=http://name:passwort@proxy:port.</translation>
    </message>
    <message>
        <source>Give yourself the right to read it, with chmod.</source>
        <translation>Geben Sie sich mit chmod das Recht, sie zu lesen.</translation>
    </message>
    <message>
        <source>Have a new client certificate issued by the authority that the server trusts (RIVA_SSL_CLIENT_CERT and RIVA_SSL_KEY).</source>
        <translation>Lassen Sie von der Stelle, der der Server vertraut, ein neues Client-Zertifikat ausstellen (RIVA_SSL_CLIENT_CERT und RIVA_SSL_KEY).</translation>
    </message>
    <message>
        <source>Have it renewed on the server. If it is new, check this computer&apos;s clock.</source>
        <translation>Lassen Sie es auf dem Server erneuern. Wenn es neu ist, prüfen Sie die Uhr dieses Computers.</translation>
    </message>
    <message>
        <source>Have it renewed on the server: without it, no connection can be made.</source>
        <translation>Lassen Sie es auf dem Server erneuern: Ohne gültiges Zertifikat kommt keine Verbindung zustande.</translation>
    </message>
    <message>
        <source>Input should be a valid integer, unable to parse string as an integer</source>
        <translation>Es muss eine ganze Zahl sein</translation>
    </message>
    <message>
        <source>Input should be greater than or equal to {0}</source>
        <translation>Es muss mindestens {0} sein</translation>
    </message>
    <message>
        <source>Input should be less than or equal to {0}</source>
        <translation>Es darf höchstens {0} sein</translation>
    </message>
    <message>
        <source>Install BlackHole (brew install blackhole-2ch), then make a Multi-Output Device of it and your speakers in Audio MIDI Setup.</source>
        <translation>Installieren Sie BlackHole (brew install blackhole-2ch), und machen Sie daraus und aus Ihren Lautsprechern im Audio-MIDI-Setup ein Gerät mit mehreren Ausgängen.</translation>
    </message>
    <message>
        <source>Install Captioner again, or `pip install sqlcipher3`.</source>
        <translation>Installieren Sie Captioner neu, oder führen Sie `pip install sqlcipher3` aus.</translation>
    </message>
    <message>
        <source>Install Captioner again.</source>
        <translation>Installieren Sie Captioner neu.</translation>
    </message>
    <message>
        <source>Install Captioner again: its files are incomplete.</source>
        <translation>Installieren Sie Captioner neu: Dateien fehlen.</translation>
    </message>
    <message>
        <source>Install Captioner again; its files seem to be incomplete.</source>
        <translation>Installieren Sie Captioner noch einmal; seine Dateien scheinen unvollständig zu sein.</translation>
    </message>
    <message>
        <source>Install and unlock a keyring (GNOME Keyring, KWallet, or KeePassXC with its Secret Service), or put the key into RIVA_API_KEY: then it is used for that run and kept nowhere.</source>
        <translation>Installieren und entsperren Sie einen Schlüsselbund (GNOME Keyring, KWallet oder KeePassXC mit seinem Secret Service), oder geben Sie den Schlüssel in RIVA_API_KEY an: Dann wird er für diesen Lauf verwendet und nirgends aufbewahrt.</translation>
    </message>
    <message>
        <source>It does not list its models.</source>
        <translation>Er listet seine Modelle nicht auf.</translation>
    </message>
    <message>
        <source>It does not say without a key that it takes.</source>
        <translation>Er sagt es nicht ohne einen Schlüssel, den er annimmt.</translation>
    </message>
    <message>
        <source>It expired on {0}; it is for {1}.</source>
        <translation>Es ist am {0} abgelaufen; es gilt für {1}.</translation>
    </message>
    <message>
        <source>It has no health service ({0}).</source>
        <translation>Er hat keinen Zustandsdienst ({0}).</translation>
    </message>
    <message>
        <source>It has no room to answer.</source>
        <translation>Er ist zu ausgelastet, um zu antworten.</translation>
    </message>
    <message>
        <source>It has: {0}. Set one of these (RIVA_MODEL), or none to let the server choose.</source>
        <translation>Er hat: {0}. Stellen Sie eines davon ein (RIVA_MODEL) oder keines, damit der Server wählt.</translation>
    </message>
    <message>
        <source>It is tried again; close other clients to make room.</source>
        <translation>Es wird erneut versucht; schließen Sie andere Clients, um Platz zu machen.</translation>
    </message>
    <message>
        <source>It is valid for {0} more days, until {1}; it is for {2}.</source>
        <translation>Es ist noch {0} Tage gültig, bis {1}; es gilt für {2}.</translation>
    </message>
    <message>
        <source>It may be unplugged.</source>
        <translation>Vielleicht ist es ausgesteckt.</translation>
    </message>
    <message>
        <source>It recognises {0} as the settings ask for it.</source>
        <translation>Er erkennt {0}, wie die Einstellungen es verlangen.</translation>
    </message>
    <message>
        <source>It takes the key.</source>
        <translation>Er nimmt den Schlüssel an.</translation>
    </message>
    <message>
        <source>It takes {0} ms.</source>
        <translation>Er dauert {0} ms.</translation>
    </message>
    <message>
        <source>Its HTTP port {0} says that it is ready: check the gRPC port (RIVA_PORT), and that a container publishes it.</source>
        <translation>Sein HTTP-Port {0} sagt, dass er bereit ist: Prüfen Sie den gRPC-Port (RIVA_PORT) und ob ein Container ihn veröffentlicht.</translation>
    </message>
    <message>
        <source>Keys and passwords are never written to the settings file.</source>
        <translation>Schlüssel und Passwörter werden nie in die Einstellungsdatei geschrieben.</translation>
    </message>
    <message>
        <source>Let the name end in one of {0}.</source>
        <translation>Lassen Sie den Namen auf eine davon enden: {0}.</translation>
    </message>
    <message>
        <source>Listening to {0}.</source>
        <translation>{0} wird gehört.</translation>
    </message>
    <message>
        <source>Look at the load of the server and of the network in between.</source>
        <translation>Sehen Sie nach der Auslastung des Servers und des Netzes dazwischen.</translation>
    </message>
    <message>
        <source>Make room for {0} MB in {1}.</source>
        <translation>Schaffen Sie in {1} Platz für {0} MB.</translation>
    </message>
    <message>
        <source>Make room on the disk.</source>
        <translation>Schaffen Sie Platz auf dem Datenträger.</translation>
    </message>
    <message>
        <source>Mend it, or take it away.</source>
        <translation>Berichtigen Sie sie, oder entfernen Sie sie.</translation>
    </message>
    <message>
        <source>More than one {0} is called something like &quot;{1}&quot;.</source>
        <translation>Mehr als ein Gerät ({0}) heißt so ähnlich wie „{1}“.</translation>
    </message>
    <message>
        <source>Name the authority of the server (RIVA_SSL_CERT).</source>
        <translation>Nennen Sie die Zertifizierungsstelle des Servers (RIVA_SSL_CERT).</translation>
    </message>
    <message>
        <source>Name the file instead, or convert it on the way. {0}</source>
        <translation>Nennen Sie stattdessen die Datei, oder wandeln Sie sie unterwegs um. {0}</translation>
    </message>
    <message>
        <source>Name the sound files inside it, one by one.</source>
        <translation>Nennen Sie die Tondateien darin einzeln.</translation>
    </message>
    <message>
        <source>Name the two files that were made together (RIVA_SSL_CLIENT_CERT and RIVA_SSL_KEY).</source>
        <translation>Nennen Sie die beiden Dateien, die zusammen erzeugt wurden (RIVA_SSL_CLIENT_CERT und RIVA_SSL_KEY).</translation>
    </message>
    <message>
        <source>No CA file is set for a private host: any authority of the system can vouch for it.</source>
        <translation>Für einen privaten Host ist keine CA-Datei eingestellt: Jede Stelle des Systems kann für ihn bürgen.</translation>
    </message>
    <message>
        <source>No key is set, and it wants none.</source>
        <translation>Es ist kein Schlüssel gesetzt, und er verlangt keinen.</translation>
    </message>
    <message>
        <source>No keyring is in use that could have the key of the transcripts.</source>
        <translation>Es ist kein Schlüsselbund in Gebrauch, der den Schlüssel der Mitschriften haben könnte.</translation>
    </message>
    <message>
        <source>No secure connection to {0} can be prepared.</source>
        <translation>Es kann keine sichere Verbindung zu {0} vorbereitet werden.</translation>
    </message>
    <message>
        <source>No sound reaches {0}.</source>
        <translation>Bei {0} kommt kein Ton an.</translation>
    </message>
    <message>
        <source>Nothing came in on standard input.</source>
        <translation>Auf der Standardeingabe kam nichts an.</translation>
    </message>
    <message>
        <source>Nothing is playing on {0}, but something plays on {1}.</source>
        <translation>Auf {0} wird nichts gespielt, aber auf {1}.</translation>
    </message>
    <message>
        <source>Nothing is playing on {0}.</source>
        <translation>Auf {0} wird nichts abgespielt.</translation>
    </message>
    <message>
        <source>Nothing listens at {0}: the connection is refused.</source>
        <translation>An {0} hört niemand zu: Die Verbindung wird abgelehnt.</translation>
    </message>
    <message>
        <source>Others</source>
        <translation>Andere</translation>
    </message>
    <message>
        <source>Pipe raw 16 kHz mono 16-bit PCM into `captioner live --source -` instead.</source>
        <translation>Leiten Sie stattdessen rohes PCM mit 16 kHz, mono, 16 Bit in `captioner live --source -`.</translation>
    </message>
    <message>
        <source>Play it in another program to see whether it is whole.</source>
        <translation>Spielen Sie sie in einem anderen Programm ab, um zu sehen, ob sie ganz ist.</translation>
    </message>
    <message>
        <source>Plug one in or switch it on, or let Captioner hear a file.</source>
        <translation>Schließen Sie eine an oder schalten Sie sie ein, oder lassen Sie Captioner eine Datei hören.</translation>
    </message>
    <message>
        <source>Plug one in, or let Captioner hear the system audio or a file instead.</source>
        <translation>Schließen Sie eines an, oder lassen Sie Captioner stattdessen den Systemton oder eine Datei hören.</translation>
    </message>
    <message>
        <source>Port {0} answers, but not in HTTP.</source>
        <translation>Port {0} antwortet, aber nicht mit HTTP.</translation>
    </message>
    <message>
        <source>Port {0} is not a NIM&apos;s: HTTP status {1}.</source>
        <translation>Port {0} ist nicht der eines NIM: HTTP-Status {1}.</translation>
    </message>
    <message>
        <source>Port {0} is open.</source>
        <translation>Der Port {0} ist offen.</translation>
    </message>
    <message>
        <source>Port {0} says not ready yet.</source>
        <translation>Port {0} sagt: noch nicht bereit.</translation>
    </message>
    <message>
        <source>Port {0} says ready.</source>
        <translation>Port {0} sagt: bereit.</translation>
    </message>
    <message>
        <source>PortAudio was restarted to look for devices.</source>
        <translation>PortAudio wurde neu gestartet, um Geräte zu suchen.</translation>
    </message>
    <message>
        <source>Proxy-Authorization: Basic {0}</source>
        <translation>Proxy-Authorization: Basic {0}</translation>
    </message>
    <message>
        <source>Reach the server by a name that its certificate is for, or have it name this one.</source>
        <translation>Erreichen Sie den Server unter einem Namen, für den sein Zertifikat gilt, oder lassen Sie es diesen nennen.</translation>
    </message>
    <message>
        <source>Record or copy it once more.</source>
        <translation>Nehmen Sie sie noch einmal auf, oder kopieren Sie sie noch einmal.</translation>
    </message>
    <message>
        <source>Rename the file, then try it again.</source>
        <translation>Benennen Sie die Datei um, und versuchen Sie es dann erneut.</translation>
    </message>
    <message>
        <source>Restart it: systemctl --user restart pipewire-pulse (or pulseaudio).</source>
        <translation>Starten Sie ihn neu: systemctl --user restart pipewire-pulse (oder pulseaudio).</translation>
    </message>
    <message>
        <source>Run `bash scripts/run.sh` once more: it installs what is missing.</source>
        <translation>Führen Sie `bash scripts/run.sh` noch einmal aus: Es installiert, was fehlt.</translation>
    </message>
    <message>
        <source>Run `captioner doctor`, or set a server (RIVA_HOST).</source>
        <translation>Führen Sie `captioner doctor` aus, oder stellen Sie einen Server ein (RIVA_HOST).</translation>
    </message>
    <message>
        <source>Run `captioner history check`, which keeps what can be read of it.</source>
        <translation>Führen Sie `captioner history check` aus; was davon lesbar ist, bleibt erhalten.</translation>
    </message>
    <message>
        <source>Say which one: {0}.</source>
        <translation>Sagen Sie, welches: {0}.</translation>
    </message>
    <message>
        <source>See with `captioner devices` whether it is still there.</source>
        <translation>Sehen Sie mit `captioner devices` nach, ob es noch da ist.</translation>
    </message>
    <message>
        <source>Set the gRPC port (RIVA_PORT): 50051 for most Riva and NIM servers. 9000 is the HTTP port.</source>
        <translation>Stellen Sie den gRPC-Port ein (RIVA_PORT): 50051 bei den meisten Riva- und NIM-Servern. 9000 ist der HTTP-Port.</translation>
    </message>
    <message>
        <source>Set {0} to {1}, or remove it.</source>
        <translation>Setzen Sie {0} auf {1}, oder entfernen Sie es.</translation>
    </message>
    <message>
        <source>Some audio was lost here.</source>
        <translation>Hier ging etwas Ton verloren.</translation>
    </message>
    <message>
        <source>Standard input carries a sound file, but raw 16 kHz mono 16-bit PCM is expected.</source>
        <translation>Die Standardeingabe enthält eine Tondatei, erwartet wird aber rohes PCM mit 16 kHz, mono, 16 Bit.</translation>
    </message>
    <message>
        <source>Standard input is a terminal, so no sound can come from it.</source>
        <translation>Die Standardeingabe ist ein Terminal, also kann kein Ton von ihr kommen.</translation>
    </message>
    <message>
        <source>Start it with a streaming profile; for a NIM, mode=str in NIM_TAGS_SELECTOR.</source>
        <translation>Starten Sie ihn mit einem Streaming-Profil; bei einem NIM mit mode=str in NIM_TAGS_SELECTOR.</translation>
    </message>
    <message>
        <source>Start it: systemctl --user start pipewire-pulse (or pulseaudio --start).</source>
        <translation>Starten Sie ihn: systemctl --user start pipewire-pulse (oder pulseaudio --start).</translation>
    </message>
    <message>
        <source>Start it: systemctl --user start pipewire-pulse (or pulseaudio --start). A microphone works without.</source>
        <translation>Starten Sie ihn: systemctl --user start pipewire-pulse (oder pulseaudio --start). Ein Mikrofon geht auch ohne.</translation>
    </message>
    <message>
        <source>Start them again.</source>
        <translation>Starten Sie sie erneut.</translation>
    </message>
    <message>
        <source>Start them again; the log has the details.</source>
        <translation>Starten Sie sie erneut; das Protokoll enthält die Einzelheiten.</translation>
    </message>
    <message>
        <source>Start them from the menu.</source>
        <translation>Starten Sie sie über das Menü.</translation>
    </message>
    <message>
        <source>String should have at least 1 character</source>
        <translation>Es braucht mindestens ein Zeichen</translation>
    </message>
    <message>
        <source>String should have at most {0} characters</source>
        <translation>Es darf höchstens {0} Zeichen haben</translation>
    </message>
    <message>
        <source>Switch an output on, or let Captioner hear a microphone or a file instead.</source>
        <translation>Schalten Sie eine Ausgabe ein, oder lassen Sie Captioner stattdessen ein Mikrofon oder eine Datei hören.</translation>
    </message>
    <message>
        <source>System audio needs PulseAudio or PipeWire, and neither is running.</source>
        <translation>Systemton braucht PulseAudio oder PipeWire, und keines von beiden läuft.</translation>
    </message>
    <message>
        <source>System audio on Windows needs the package PyAudioWPatch, which is not installed.</source>
        <translation>Systemton unter Windows braucht das Paket PyAudioWPatch, das nicht installiert ist.</translation>
    </message>
    <message>
        <source>The CA file {0} holds no certificate.</source>
        <translation>Die CA-Datei {0} enthält kein Zertifikat.</translation>
    </message>
    <message>
        <source>The certificate is checked for {0} and not for the host: whoever has one for that name can stand in for the server.</source>
        <translation>Das Zertifikat wird für {0} geprüft und nicht für den Host: Wer eines für diesen Namen hat, kann sich als der Server ausgeben.</translation>
    </message>
    <message>
        <source>The certificate is in order.</source>
        <translation>Das Zertifikat ist in Ordnung.</translation>
    </message>
    <message>
        <source>The certificate of {0} is signed by an authority that is not trusted here{1}.</source>
        <translation>Das Zertifikat von {0} ist von einer Stelle unterzeichnet, der hier nicht vertraut wird{1}.</translation>
    </message>
    <message>
        <source>The certificate of {0} {1}.</source>
        <translation>Das Zertifikat von {0} {1}.</translation>
    </message>
    <message>
        <source>The certificate {0} and the key {1} cannot be used together: {2}.</source>
        <translation>Das Zertifikat {0} und der Schlüssel {1} passen nicht zusammen: {2}.</translation>
    </message>
    <message>
        <source>The client certificate {0} holds no certificate.</source>
        <translation>Das Client-Zertifikat {0} enthält kein Zertifikat.</translation>
    </message>
    <message>
        <source>The client certificate {0} or its key {1} is damaged.</source>
        <translation>Das Client-Zertifikat {0} oder sein Schlüssel {1} ist beschädigt.</translation>
    </message>
    <message>
        <source>The client key {0} holds no key.</source>
        <translation>Der Client-Schlüssel {0} enthält keinen Schlüssel.</translation>
    </message>
    <message>
        <source>The client key {0} is encrypted.</source>
        <translation>Der Client-Schlüssel {0} ist verschlüsselt.</translation>
    </message>
    <message>
        <source>The client key {0} is not the key of the certificate {1}.</source>
        <translation>Der Client-Schlüssel {0} ist nicht der Schlüssel des Zertifikats {1}.</translation>
    </message>
    <message>
        <source>The computer slept for {0}.</source>
        <translation>Der Computer schlief {0}.</translation>
    </message>
    <message>
        <source>The connection is made anew.</source>
        <translation>Die Verbindung wird neu aufgebaut.</translation>
    </message>
    <message>
        <source>The connection is not encrypted: anyone on the way can hear the audio.</source>
        <translation>Die Verbindung ist nicht verschlüsselt: Jeder auf dem Weg kann den Ton hören.</translation>
    </message>
    <message>
        <source>The connection to the sound server broke.</source>
        <translation>Die Verbindung zum Soundserver ist abgebrochen.</translation>
    </message>
    <message>
        <source>The connection to {0} failed: {1}.</source>
        <translation>Die Verbindung zu {0} ist fehlgeschlagen: {1}.</translation>
    </message>
    <message>
        <source>The diagnostics could not be saved to {0}: {1}.</source>
        <translation>Die Diagnosedaten konnten nicht unter {0} gespeichert werden: {1}.</translation>
    </message>
    <message>
        <source>The embedded engine could not be started: {0}.</source>
        <translation>Die eingebaute Spracherkennung konnte nicht gestartet werden: {0}.</translation>
    </message>
    <message>
        <source>The embedded engine did not start: {0}</source>
        <translation>Die eingebaute Spracherkennung ist nicht gestartet: {0}</translation>
    </message>
    <message>
        <source>The embedded engine does not exist for this kind of computer.</source>
        <translation>Für diese Art Computer gibt es die eingebaute Spracherkennung nicht.</translation>
    </message>
    <message>
        <source>The embedded engine understands English only, and the language is {0}.</source>
        <translation>Die eingebaute Spracherkennung versteht nur Englisch, und die Sprache ist {0}.</translation>
    </message>
    <message>
        <source>The file of the transcripts was damaged and was set aside as {0}. {1} captions could be read from it and are kept.</source>
        <translation>Die Datei der Mitschriften war beschädigt und wurde als {0} beiseitegelegt. {1} Untertitel konnten daraus gelesen werden und bleiben erhalten.</translation>
    </message>
    <message>
        <source>The file {0} cannot be read as text: {1}.</source>
        <translation>Die Datei {0} kann nicht als Text gelesen werden: {1}.</translation>
    </message>
    <message>
        <source>The file {0} cannot be read: {1}.</source>
        <translation>Die Datei {0} kann nicht gelesen werden: {1}.</translation>
    </message>
    <message>
        <source>The file {0} holds no certificate.</source>
        <translation>Die Datei {0} enthält kein Zertifikat.</translation>
    </message>
    <message>
        <source>The file {0} holds no settings of Captioner ({1}).</source>
        <translation>Die Datei {0} enthält keine Einstellungen von Captioner ({1}).</translation>
    </message>
    <message>
        <source>The file {0}, named with --env-file, does not exist.</source>
        <translation>Die mit --env-file genannte Datei {0} gibt es nicht.</translation>
    </message>
    <message>
        <source>The folder {0} cannot be made: {1}.</source>
        <translation>Der Ordner {0} kann nicht angelegt werden: {1}.</translation>
    </message>
    <message>
        <source>The key for {0} holds characters that cannot be sent.</source>
        <translation>Der Schlüssel für {0} enthält Zeichen, die nicht gesendet werden können.</translation>
    </message>
    <message>
        <source>The key for {0} is not sent: the connection is not encrypted.</source>
        <translation>Der Schlüssel für {0} wird nicht gesendet: Die Verbindung ist nicht verschlüsselt.</translation>
    </message>
    <message>
        <source>The key in the keyring does not open the transcripts in {0}.</source>
        <translation>Der Schlüssel im Schlüsselbund öffnet die Mitschriften in {0} nicht.</translation>
    </message>
    <message>
        <source>The key may travel unencrypted: anyone on the way can take it.</source>
        <translation>Der Schlüssel darf unverschlüsselt übertragen werden: Jeder auf dem Weg kann ihn nehmen.</translation>
    </message>
    <message>
        <source>The key of the transcripts cannot be had. {0}</source>
        <translation>Der Schlüssel der Mitschriften ist nicht zu bekommen. {0}</translation>
    </message>
    <message>
        <source>The keyring ({0}) is locked.</source>
        <translation>Der Schlüsselbund ({0}) ist gesperrt.</translation>
    </message>
    <message>
        <source>The keyring ({0}) refused: {1}.</source>
        <translation>Der Schlüsselbund ({0}) hat abgelehnt: {1}.</translation>
    </message>
    <message>
        <source>The keyring is asking for its password.</source>
        <translation>Der Schlüsselbund fragt gerade nach seinem Passwort.</translation>
    </message>
    <message>
        <source>The keyring kept no key for the transcripts.</source>
        <translation>Der Schlüsselbund hat keinen Schlüssel für die Mitschriften behalten.</translation>
    </message>
    <message>
        <source>The last caption is kept as it was shown.</source>
        <translation>Der letzte Untertitel bleibt, wie er gezeigt wurde.</translation>
    </message>
    <message>
        <source>The library PortAudio is not installed, so no microphone can be opened.</source>
        <translation>Die Bibliothek PortAudio ist nicht installiert, also kann kein Mikrofon geöffnet werden.</translation>
    </message>
    <message>
        <source>The library libpulse is not installed, so PulseAudio and PipeWire cannot be heard.</source>
        <translation>Die Bibliothek libpulse ist nicht installiert, also können PulseAudio und PipeWire nicht gehört werden.</translation>
    </message>
    <message>
        <source>The name &quot;{0}&quot; is not text.</source>
        <translation>Der Name „{0}“ ist kein Text.</translation>
    </message>
    <message>
        <source>The name {0} stands for {1}.</source>
        <translation>Der Name {0} steht für {1}.</translation>
    </message>
    <message>
        <source>The settings file {0} cannot be understood ({1}).</source>
        <translation>Die Einstellungsdatei {0} ist nicht zu verstehen ({1}).</translation>
    </message>
    <message>
        <source>The token must have {0} characters or more, letters and digits.</source>
        <translation>Das Token muss mindestens {0} Zeichen haben, Buchstaben und Ziffern.</translation>
    </message>
    <message>
        <source>Choose a higher port ({0}.port).</source>
        <translation>Wählen Sie einen höheren Port ({0}.port).</translation>
    </message>
    <message>
        <source>Choose another port ({0}.port), or end the other program.</source>
        <translation>Wählen Sie einen anderen Port ({0}.port), oder beenden Sie das andere Programm.</translation>
    </message>
    <message>
        <source>Port {0} may not be used: ports below 1024 are reserved.</source>
        <translation>Port {0} darf nicht benutzt werden: Ports unter 1024 sind reserviert.</translation>
    </message>
    <message>
        <source>Set a certificate and its key ({0}.tls_cert and {1}.tls_key), or serve at 127.0.0.1.</source>
        <translation>Geben Sie ein Zertifikat und seinen Schlüssel an ({0}.tls_cert und {1}.tls_key), oder verwenden Sie die Adresse 127.0.0.1.</translation>
    </message>
    <message>
        <source>Set {0}.host to 127.0.0.1, or to an address that this computer has.</source>
        <translation>Setzen Sie {0}.host auf 127.0.0.1 oder auf eine Adresse, die dieser Computer hat.</translation>
    </message>
    <message>
        <source>The page cannot be read: {0}.</source>
        <translation>Die Seite kann nicht gelesen werden: {0}.</translation>
    </message>
    <message>
        <source>The password for the proxy travels unencrypted to it.</source>
        <translation>Das Passwort für den Proxy wird unverschlüsselt an ihn übertragen.</translation>
    </message>
    <message>
        <source>The proxy leads to port {0}.</source>
        <translation>Der Proxy führt zum Port {0}.</translation>
    </message>
    <message>
        <source>The proxy on the way to {0} does not let the connection through ({1}).</source>
        <translation>Der Proxy auf dem Weg zu {0} lässt die Verbindung nicht durch ({1}).</translation>
    </message>
    <message>
        <source>The proxy on the way to {0} wants a name and a password.</source>
        <translation>Der Proxy auf dem Weg zu {0} verlangt einen Namen und ein Passwort.</translation>
    </message>
    <message>
        <source>The proxy {0} on the way to {1} cannot be reached.</source>
        <translation>Der Proxy {0} auf dem Weg zu {1} ist nicht erreichbar.</translation>
    </message>
    <message>
        <source>The recogniser is being reconnected.</source>
        <translation>Die Verbindung zur Spracherkennung wird wiederhergestellt.</translation>
    </message>
    <message>
        <source>The secure handshake with {0} failed: {1}.</source>
        <translation>Der sichere Handschlag mit {0} ist fehlgeschlagen: {1}.</translation>
    </message>
    <message>
        <source>The server &apos;{0}&apos; makes no sense.</source>
        <translation>Der Server „{0}“ ergibt keinen Sinn.</translation>
    </message>
    <message>
        <source>The server ended the stream by itself.</source>
        <translation>Der Server hat den Datenstrom von sich aus beendet.</translation>
    </message>
    <message>
        <source>The servers must be counted from 0 without gaps.</source>
        <translation>Die Server müssen von 0 an ohne Lücken gezählt werden.</translation>
    </message>
    <message>
        <source>The settings could not be exported to {0}: {1}.</source>
        <translation>Die Einstellungen konnten nicht nach {0} exportiert werden: {1}.</translation>
    </message>
    <message>
        <source>The settings could not be saved to {0}: {1}.</source>
        <translation>Die Einstellungen konnten nicht in {0} gespeichert werden: {1}.</translation>
    </message>
    <message>
        <source>The settings file {0} cannot be read: {1}.</source>
        <translation>Die Einstellungsdatei {0} kann nicht gelesen werden: {1}.</translation>
    </message>
    <message>
        <source>The settings file {0} could not be understood ({1}) and could not be set aside ({2}). The defaults are used.</source>
        <translation>Die Einstellungsdatei {0} war nicht zu verstehen ({1}) und ließ sich nicht beiseitelegen ({2}). Es gelten die Vorgaben.</translation>
    </message>
    <message>
        <source>The settings file {0} could not be understood ({1}) and was set aside as {2}. The defaults are used.</source>
        <translation>Die Einstellungsdatei {0} war nicht zu verstehen ({1}) und wurde als {2} beiseitegelegt. Es gelten die Vorgaben.</translation>
    </message>
    <message>
        <source>The sound server does not answer, so &quot;{0}&quot; cannot be heard.</source>
        <translation>Der Soundserver antwortet nicht, also kann „{0}“ nicht gehört werden.</translation>
    </message>
    <message>
        <source>The sound server does not let &quot;{0}&quot; be heard: {1}.</source>
        <translation>Der Soundserver lässt „{0}“ nicht abhören: {1}.</translation>
    </message>
    <message>
        <source>The token file {0} cannot be read: {1}.</source>
        <translation>Die Token-Datei {0} kann nicht gelesen werden: {1}.</translation>
    </message>
    <message>
        <source>The token file {0} must hold one token: a single line of ASCII without spaces.</source>
        <translation>Die Token-Datei {0} muss ein Token enthalten: eine Zeile ASCII ohne Leerzeichen.</translation>
    </message>
    <message>
        <source>The transcript {0} cannot be written: {1}.</source>
        <translation>Die Mitschrift {0} kann nicht geschrieben werden: {1}.</translation>
    </message>
    <message>
        <source>The transcripts are encrypted now, but not what was set aside as damaged before: {0}. Delete it if you do not need it.</source>
        <translation>Die Mitschriften sind jetzt verschlüsselt, nicht aber, was früher als beschädigt beiseitegelegt wurde: {0}. Löschen Sie es, wenn Sie es nicht brauchen.</translation>
    </message>
    <message>
        <source>The transcripts are encrypted now.</source>
        <translation>Die Mitschriften sind jetzt verschlüsselt.</translation>
    </message>
    <message>
        <source>The transcripts are encrypted, and their key is no longer in the keyring.</source>
        <translation>Die Mitschriften sind verschlüsselt, und ihr Schlüssel ist nicht mehr im Schlüsselbund.</translation>
    </message>
    <message>
        <source>The transcripts are no longer encrypted.</source>
        <translation>Die Mitschriften sind nicht mehr verschlüsselt.</translation>
    </message>
    <message>
        <source>The transcripts have version {0}, and this Captioner reads version {1}.</source>
        <translation>Die Mitschriften haben die Version {0}, und dieser Captioner liest die Version {1}.</translation>
    </message>
    <message>
        <source>The transcripts in {0} are damaged.</source>
        <translation>Die Mitschriften in {0} sind beschädigt.</translation>
    </message>
    <message>
        <source>The transcripts in {0} cannot be kept: {1}.</source>
        <translation>Die Mitschriften in {0} können nicht aufbewahrt werden: {1}.</translation>
    </message>
    <message>
        <source>The transcripts were encrypted or decrypted at this very moment.</source>
        <translation>Die Mitschriften wurden genau in diesem Augenblick ver- oder entschlüsselt.</translation>
    </message>
    <message>
        <source>The value {0} for {1} makes no sense: {2}.</source>
        <translation>Der Wert {0} für {1} ergibt keinen Sinn: {2}.</translation>
    </message>
    <message>
        <source>The volume of {0} is zero.</source>
        <translation>Die Lautstärke von {0} steht auf null.</translation>
    </message>
    <message>
        <source>The {0} {1} cannot be read: {2}.</source>
        <translation>Die Datei {1} ({0}) kann nicht gelesen werden: {2}.</translation>
    </message>
    <message>
        <source>There are transcripts in {0} already, which are used from now on.</source>
        <translation>In {0} sind schon Mitschriften, die von jetzt an verwendet werden.</translation>
    </message>
    <message>
        <source>There is neither an output nor a microphone to listen to.</source>
        <translation>Es gibt weder eine Ausgabe noch ein Mikrofon zum Zuhören.</translation>
    </message>
    <message>
        <source>There is no file &quot;{0}&quot;.</source>
        <translation>Es gibt keine Datei „{0}“.</translation>
    </message>
    <message>
        <source>There is no room on the disk for the transcripts.</source>
        <translation>Auf dem Datenträger ist kein Platz für die Mitschriften.</translation>
    </message>
    <message>
        <source>There is no room on the disk to convert the transcripts.</source>
        <translation>Auf der Festplatte ist kein Platz, um die Mitschriften umzuwandeln.</translation>
    </message>
    <message>
        <source>There is no setting {0}.</source>
        <translation>Es gibt keine Einstellung {0}.</translation>
    </message>
    <message>
        <source>There is no sound in &quot;{0}&quot;.</source>
        <translation>In „{0}“ ist kein Ton.</translation>
    </message>
    <message>
        <source>There is no sound server (PulseAudio or PipeWire) to listen to.</source>
        <translation>Es gibt keinen Soundserver (PulseAudio oder PipeWire), dem zugehört werden kann.</translation>
    </message>
    <message>
        <source>There is no {0} called &quot;{1}&quot;.</source>
        <translation>Es gibt kein Gerät ({0}) namens „{1}“.</translation>
    </message>
    <message>
        <source>There is no {0} to listen to.</source>
        <translation>Es gibt kein Gerät ({0}), dem zugehört werden kann.</translation>
    </message>
    <message>
        <source>There is: {0}. Choose one of them with --device.</source>
        <translation>Es gibt: {0}. Wählen Sie eines davon mit --device.</translation>
    </message>
    <message>
        <source>This computer offers no keyring to keep the key in.</source>
        <translation>Dieser Computer bietet keinen Schlüsselbund, in dem der Schlüssel bleiben kann.</translation>
    </message>
    <message>
        <source>This installation of Captioner cannot encrypt transcripts: it lacks SQLCipher.</source>
        <translation>Diese Installation von Captioner kann Mitschriften nicht verschlüsseln: Ihr fehlt SQLCipher.</translation>
    </message>
    <message>
        <source>Those of before stay in {0}.</source>
        <translation>Die bisherigen bleiben in {0}.</translation>
    </message>
    <message>
        <source>Transcripts are kept again, with all that waited.</source>
        <translation>Mitschriften werden wieder aufbewahrt, samt allem, was gewartet hat.</translation>
    </message>
    <message>
        <source>Try again.</source>
        <translation>Versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>Turn TLS on (RIVA_SSL=true), if the server offers it.</source>
        <translation>Schalten Sie TLS ein (RIVA_SSL=true), wenn der Server es anbietet.</translation>
    </message>
    <message>
        <source>Turn TLS on for this server (RIVA_SSL=true), remove the key, or set the server&apos;s allow_plaintext_key where nobody listens in between.</source>
        <translation>Schalten Sie für diesen Server TLS ein (RIVA_SSL=true), entfernen Sie den Schlüssel, oder setzen Sie allow_plaintext_key des Servers, wo niemand dazwischen mithört.</translation>
    </message>
    <message>
        <source>Turn TLS on for this server (RIVA_SSL=true).</source>
        <translation>Schalten Sie für diesen Server TLS ein (RIVA_SSL=true).</translation>
    </message>
    <message>
        <source>Turn TLS on, and this off.</source>
        <translation>Schalten Sie TLS ein und dies aus.</translation>
    </message>
    <message>
        <source>Turn it on again in the sound settings or by its own switch, or choose another one.</source>
        <translation>Schalten Sie es in den Toneinstellungen oder an seinem Schalter wieder ein, oder wählen Sie ein anderes.</translation>
    </message>
    <message>
        <source>Turn it on again, or choose another output: captions hear no more than it plays.</source>
        <translation>Schalten Sie den Ton wieder ein oder wählen Sie eine andere Ausgabe: Die Untertitel hören nur, was dort gespielt wird.</translation>
    </message>
    <message>
        <source>Unavailable model requested given these parameters: {0}</source>
        <translation>Mit diesen Angaben gibt es kein Modell: {0}</translation>
    </message>
    <message>
        <source>Unlock it, for instance by logging in to the desktop, or use RIVA_API_KEY.</source>
        <translation>Entsperren Sie ihn, zum Beispiel durch Anmelden am Desktop, oder verwenden Sie RIVA_API_KEY.</translation>
    </message>
    <message>
        <source>Unlock it.</source>
        <translation>Entsperren Sie ihn.</translation>
    </message>
    <message>
        <source>Unlock the keyring, or log in to the desktop; without a keyring (GNOME Keyring, KWallet, KeePassXC) transcripts cannot be encrypted.</source>
        <translation>Entsperren Sie den Schlüsselbund, oder melden Sie sich an der Arbeitsumgebung an; ohne Schlüsselbund (GNOME Keyring, KWallet, KeePassXC) lassen sich Mitschriften nicht verschlüsseln.</translation>
    </message>
    <message>
        <source>Unplug it and plug it in again, or choose another device.</source>
        <translation>Stecken Sie es aus und wieder ein, oder wählen Sie ein anderes Gerät.</translation>
    </message>
    <message>
        <source>Use a proxy that needs none, or one on this machine.</source>
        <translation>Verwenden Sie einen Proxy, der keine braucht, oder einen auf diesem Computer.</translation>
    </message>
    <message>
        <source>Use the newer Captioner that wrote them.</source>
        <translation>Verwenden Sie den neueren Captioner, der sie geschrieben hat.</translation>
    </message>
    <message>
        <source>Use the number after the last one to add a server: the first is endpoints.0.</source>
        <translation>Verwenden Sie die Nummer nach der letzten, um einen Server hinzuzufügen: Der erste ist endpoints.0.</translation>
    </message>
    <message>
        <source>Wait until it is done, or end it.</source>
        <translation>Warten Sie, bis es fertig ist, oder beenden Sie es.</translation>
    </message>
    <message>
        <source>Wait, then try again.</source>
        <translation>Warten Sie, und versuchen Sie es dann erneut.</translation>
    </message>
    <message>
        <source>Wait: its models are being loaded, and the first start of a NIM takes up to 30 minutes.</source>
        <translation>Warten Sie: Seine Modelle werden geladen, und der erste Start eines NIM dauert bis zu 30 Minuten.</translation>
    </message>
    <message>
        <source>What the keyring keeps as the key of the transcripts is none.</source>
        <translation>Was der Schlüsselbund als Schlüssel der Mitschriften aufbewahrt, ist keiner.</translation>
    </message>
    <message>
        <source>You</source>
        <translation>Sie</translation>
    </message>
    <message>
        <source>command line</source>
        <translation>die Kommandozeile</translation>
    </message>
    <message>
        <source>once</source>
        <translation>einmal</translation>
    </message>
    <message>
        <source>{0} (environment)</source>
        <translation>{0} (Umgebung)</translation>
    </message>
    <message>
        <source>{0} ({1}) is &apos;{2}&apos;, which makes no sense.</source>
        <translation>{0} ({1}) ist „{2}“, das ergibt keinen Sinn.</translation>
    </message>
    <message>
        <source>{0} Only a NIM has this port.</source>
        <translation>{0} Nur ein NIM hat diesen Port.</translation>
    </message>
    <message>
        <source>{0} The file was set aside untouched as {1}; new captions go into a new file.</source>
        <translation>{0} Die Datei wurde unverändert als {1} beiseitegelegt; neue Untertitel kommen in eine neue Datei.</translation>
    </message>
    <message>
        <source>{0} answers, but not over TLS.</source>
        <translation>{0} antwortet, aber nicht über TLS.</translation>
    </message>
    <message>
        <source>{0} answers, but tells nothing of itself; a stream shows whether it works.</source>
        <translation>{0} antwortet, sagt aber nichts über sich; ein Datenstrom zeigt, ob er geht.</translation>
    </message>
    <message>
        <source>{0} breaks off after the secure handshake, as servers do that do not accept the client certificate; ours is {1}.</source>
        <translation>{0} bricht nach dem sicheren Handschlag ab, wie es Server tun, die das Client-Zertifikat nicht annehmen; unseres ist {1}.</translation>
    </message>
    <message>
        <source>{0} breaks off after the secure handshake, as servers do that want a client certificate.</source>
        <translation>{0} bricht nach dem sicheren Handschlag ab, wie es Server tun, die ein Client-Zertifikat verlangen.</translation>
    </message>
    <message>
        <source>{0} cannot be reached: the name {1} is not known.</source>
        <translation>{0} ist nicht erreichbar: Der Name {1} ist nicht bekannt.</translation>
    </message>
    <message>
        <source>{0} cannot be reached: {1}.</source>
        <translation>{0} ist nicht erreichbar: {1}.</translation>
    </message>
    <message>
        <source>{0} cannot be written: {1}.</source>
        <translation>{0} kann nicht geschrieben werden: {1}.</translation>
    </message>
    <message>
        <source>{0} cannot be written: {1}. What is said waits, and is written as soon as that is possible.</source>
        <translation>{0} kann nicht geschrieben werden: {1}. Was gesagt wird, wartet und wird geschrieben, sobald das möglich ist.</translation>
    </message>
    <message>
        <source>{0} closes the connection at once.</source>
        <translation>{0} schließt die Verbindung sofort.</translation>
    </message>
    <message>
        <source>{0} could not be examined within {1} seconds.</source>
        <translation>{0} konnte nicht innerhalb von {1} Sekunden geprüft werden.</translation>
    </message>
    <message>
        <source>{0} did not answer in time: {1}.</source>
        <translation>{0} hat nicht rechtzeitig geantwortet: {1}.</translation>
    </message>
    <message>
        <source>{0} did not answer within {1} seconds.</source>
        <translation>{0} hat nicht innerhalb von {1} Sekunden geantwortet.</translation>
    </message>
    <message>
        <source>{0} did not send the last words in time.</source>
        <translation>{0} hat die letzten Worte nicht rechtzeitig gesendet.</translation>
    </message>
    <message>
        <source>{0} does not recognise the language {1}.</source>
        <translation>{0} erkennt die Sprache {1} nicht.</translation>
    </message>
    <message>
        <source>{0} has models for whole recordings only: {1}.</source>
        <translation>{0} hat nur Modelle für ganze Aufnahmen: {1}.</translation>
    </message>
    <message>
        <source>{0} has no model {1} for streams.</source>
        <translation>{0} hat kein Modell {1} für Datenströme.</translation>
    </message>
    <message>
        <source>{0} has no room for another stream: {1}</source>
        <translation>{0} hat keinen Platz für einen weiteren Datenstrom: {1}</translation>
    </message>
    <message>
        <source>{0} has taken no audio for {1} seconds.</source>
        <translation>{0} hat seit {1} Sekunden keinen Ton angenommen.</translation>
    </message>
    <message>
        <source>{0} has: {1}. Set a language that is listed (RIVA_LANGUAGE_CODE), or start the server with a model for yours.</source>
        <translation>{0} hat: {1}. Stellen Sie eine Sprache ein, die aufgeführt ist (RIVA_LANGUAGE_CODE), oder starten Sie den Server mit einem Modell für Ihre.</translation>
    </message>
    <message>
        <source>{0} hears speech but has not answered for {1} seconds.</source>
        <translation>{0} hört Sprache, hat aber seit {1} Sekunden nicht geantwortet.</translation>
    </message>
    <message>
        <source>{0} is missing.</source>
        <translation>{0} fehlt.</translation>
    </message>
    <message>
        <source>{0} is muted: no sound comes through.</source>
        <translation>{0} ist stummgeschaltet: Es kommt kein Ton durch.</translation>
    </message>
    <message>
        <source>{0} is no Riva speech recogniser: {1}</source>
        <translation>{0} ist keine Riva-Spracherkennung: {1}</translation>
    </message>
    <message>
        <source>{0} is ready, but has no speech model.</source>
        <translation>{0} ist bereit, hat aber kein Sprachmodell.</translation>
    </message>
    <message>
        <source>{0} is ready, but takes {1} s for a small call.</source>
        <translation>{0} ist bereit, braucht aber {1} s für einen kleinen Aufruf.</translation>
    </message>
    <message>
        <source>{0} is silent here.</source>
        <translation>{0} ist hier still.</translation>
    </message>
    <message>
        <source>{0} is starting.</source>
        <translation>{0} wird gestartet.</translation>
    </message>
    <message>
        <source>{0} is there already.</source>
        <translation>{0} ist schon da.</translation>
    </message>
    <message>
        <source>{0} is written again, with all that waited.</source>
        <translation>{0} wird wieder geschrieben, mit allem, was gewartet hat.</translation>
    </message>
    <message>
        <source>{0} is {1} seconds behind.</source>
        <translation>{0} ist {1} Sekunden zurück.</translation>
    </message>
    <message>
        <source>{0} is {1}, which makes no sense: {2}.</source>
        <translation>{0} ist {1}, das ergibt keinen Sinn: {2}.</translation>
    </message>
    <message>
        <source>{0} recognises.</source>
        <translation>{0} erkennt.</translation>
    </message>
    <message>
        <source>{0} refused the key: {1}</source>
        <translation>{0} hat den Schlüssel abgelehnt: {1}</translation>
    </message>
    <message>
        <source>{0} refused the request: {1}</source>
        <translation>{0} hat die Anfrage abgelehnt: {1}</translation>
    </message>
    <message>
        <source>{0} refuses the client certificate {1} (&quot;{2}&quot;).</source>
        <translation>{0} lehnt das Client-Zertifikat {1} ab („{2}“).</translation>
    </message>
    <message>
        <source>{0} refuses the client certificate {1}: it expired on {2}.</source>
        <translation>{0} lehnt das Client-Zertifikat {1} ab: Es ist am {2} abgelaufen.</translation>
    </message>
    <message>
        <source>{0} runs, but has no model loaded.</source>
        <translation>{0} läuft, hat aber kein Modell geladen.</translation>
    </message>
    <message>
        <source>{0} says that it is not ready to serve.</source>
        <translation>{0} sagt, dass er nicht bereit ist.</translation>
    </message>
    <message>
        <source>{0} seconds of audio were lost in the last minute, because {1} did not take them.</source>
        <translation>{0} Sekunden Ton gingen in der letzten Minute verloren, weil {1} sie nicht angenommen hat.</translation>
    </message>
    <message>
        <source>{0} stands in. {1}</source>
        <translation>{0} springt ein. {1}</translation>
    </message>
    <message>
        <source>{0} takes the connection, but says nothing within {1} seconds.</source>
        <translation>{0} nimmt die Verbindung an, sagt aber innerhalb von {1} Sekunden nichts.</translation>
    </message>
    <message>
        <source>{0} times</source>
        <translation>{0}-mal</translation>
    </message>
    <message>
        <source>{0} wants a client certificate (&quot;{1}&quot;).</source>
        <translation>{0} verlangt ein Client-Zertifikat („{1}“).</translation>
    </message>
    <message>
        <source>{0} wants a key, and none is set.</source>
        <translation>{0} verlangt einen Schlüssel, und keiner ist eingestellt.</translation>
    </message>
    <message>
        <source>{0} wants an encrypted connection.</source>
        <translation>{0} verlangt eine verschlüsselte Verbindung.</translation>
    </message>
    <message>
        <source>{0}, which is to be the proxy on the way to {1}, does not answer as a proxy.</source>
        <translation>{0}, der Proxy auf dem Weg zu {1} sein soll, antwortet nicht wie ein Proxy.</translation>
    </message>
    <message>
        <source>{0}: without effect, because no server is named. Set RIVA_HOST or --server.</source>
        <translation>{0}: ohne Wirkung, weil kein Server genannt ist. Setzen Sie RIVA_HOST oder --server.</translation>
    </message>
</context>
<context>
    <name>ServerForm</name>
    <message>
        <source>As for all servers</source>
        <translation>Wie für alle Server</translation>
    </message>
    <message>
        <source>New server</source>
        <translation>Neuer Server</translation>
    </message>
    <message>
        <source>&amp;Host:</source>
        <translation>&amp;Host:</translation>
    </message>
    <message>
        <source>Name or address of a server that speaks NVIDIA&apos;s Riva protocol.</source>
        <translation>Name oder Adresse eines Servers, der das Riva-Protokoll von NVIDIA spricht.</translation>
    </message>
    <message>
        <source>address riva nim endpoint</source>
        <translation>adresse riva nim</translation>
    </message>
    <message>
        <source>&amp;Port:</source>
        <translation>Po&amp;rt:</translation>
    </message>
    <message>
        <source>Where gRPC is spoken, usually 50051.</source>
        <translation>Wo gRPC gesprochen wird, meist 50051.</translation>
    </message>
    <message>
        <source>&amp;Encrypted (TLS)</source>
        <translation>&amp;Verschlüsselt (TLS)</translation>
    </message>
    <message>
        <source>ssl secure</source>
        <translation>ssl sicher</translation>
    </message>
    <message>
        <source>API &amp;key:</source>
        <translation>API-Schlüsse&amp;l:</translation>
    </message>
    <message>
        <source>password token credentials keyring</source>
        <translation>kennwort passwort token zugangsdaten schlüsselbund</translation>
    </message>
    <message>
        <source>Na&amp;me:</source>
        <translation>Na&amp;me:</translation>
    </message>
    <message>
        <source>What you call it; empty shows its address.</source>
        <translation>Wie Sie ihn nennen; leer zeigt seine Adresse.</translation>
    </message>
    <message>
        <source>PEM files (*.pem *.crt *.cer *.key);;All files (*)</source>
        <translation>PEM-Dateien (*.pem *.crt *.cer *.key);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>CA file:</source>
        <translation>CA-Datei:</translation>
    </message>
    <message>
        <source>File of the authority to trust</source>
        <translation>Datei der Stelle, der vertraut wird</translation>
    </message>
    <message>
        <source>Who may vouch for the server; empty: whom this computer trusts.</source>
        <translation>Wer für den Server bürgen darf; leer: wem dieser Computer vertraut.</translation>
    </message>
    <message>
        <source>Client certificate:</source>
        <translation>Client-Zertifikat:</translation>
    </message>
    <message>
        <source>File of the client certificate</source>
        <translation>Datei des Client-Zertifikats</translation>
    </message>
    <message>
        <source>For servers that want to know their clients (mutual TLS).</source>
        <translation>Für Server, die wissen wollen, wer sie benutzt (beidseitiges TLS).</translation>
    </message>
    <message>
        <source>Client key:</source>
        <translation>Client-Schlüssel:</translation>
    </message>
    <message>
        <source>File of the client key</source>
        <translation>Datei des Client-Schlüssels</translation>
    </message>
    <message>
        <source>The key of that certificate; empty: it is in the same file.</source>
        <translation>Der Schlüssel dieses Zertifikats; leer: Er steht in derselben Datei.</translation>
    </message>
    <message>
        <source>Name in the certificate:</source>
        <translation>Name im Zertifikat:</translation>
    </message>
    <message>
        <source>Where the server&apos;s certificate is for another name than the host.</source>
        <translation>Falls das Zertifikat des Servers für einen anderen Namen als den Host gilt.</translation>
    </message>
    <message>
        <source>Model on this server:</source>
        <translation>Modell auf diesem Server:</translation>
    </message>
    <message>
        <source>Proxy:</source>
        <translation>Proxy:</translation>
    </message>
    <message>
        <source>“system”, “none”, or one such as http://proxy:3128.</source>
        <translation>„system“, „none“ oder einer wie http://proxy:3128.</translation>
    </message>
    <message>
        <source>HTTP port:</source>
        <translation>HTTP-Port:</translation>
    </message>
    <message>
        <source>Where a NIM says whether it is ready.</source>
        <translation>Wo ein NIM sagt, ob es bereit ist.</translation>
    </message>
    <message>
        <source>Function ID:</source>
        <translation>Funktions-ID:</translation>
    </message>
    <message>
        <source>For a hosted service: which of its functions is called.</source>
        <translation>Für einen gehosteten Dienst: welche seiner Funktionen aufgerufen wird.</translation>
    </message>
    <message>
        <source>Metadata:</source>
        <translation>Metadaten:</translation>
    </message>
    <message>
        <source>Sent with every call: name=value, one a line. No keys or passwords.</source>
        <translation>Werden mit jedem Aufruf gesendet: name=wert, eines je Zeile. Keine Schlüssel oder Kennwörter.</translation>
    </message>
    <message>
        <source>Takes over from others:</source>
        <translation>Springt für andere ein:</translation>
    </message>
    <message>
        <source>Unless it is a hosted service</source>
        <translation>Außer bei einem gehosteten Dienst</translation>
    </message>
    <message>
        <source>Yes</source>
        <translation>Ja</translation>
    </message>
    <message>
        <source>No</source>
        <translation>Nein</translation>
    </message>
    <message>
        <source>Whether audio may go there when a server before it does not answer.</source>
        <translation>Ob Ton dorthin gehen darf, wenn ein Server davor nicht antwortet.</translation>
    </message>
    <message>
        <source>The key may be sent without encryption</source>
        <translation>Der Schlüssel darf unverschlüsselt gesendet werden</translation>
    </message>
    <message>
        <source>Only where nobody can listen in between: anyone on the way can take it.</source>
        <translation>Nur, wo niemand dazwischen mithören kann: Jeder auf dem Weg kann ihn an sich nehmen.</translation>
    </message>
    <message>
        <source>Enter a name or an address alone, without https:// and port.</source>
        <translation>Geben Sie nur einen Namen oder eine Adresse ein, ohne https:// und Port.</translation>
    </message>
    <message>
        <source>Enter “system”, “none”, or an address such as http://proxy:3128. A password for it belongs into the environment: RIVA_PROXY=http://user:password@proxy:3128.</source>
        <translation>Geben Sie „system“, „none“ oder eine Adresse wie http://proxy:3128 ein. Ein Kennwort dafür gehört in die Umgebung: RIVA_PROXY=http://user:password@proxy:3128.</translation>
    </message>
    <message>
        <source>It consists of letters, digits, dots and dashes.</source>
        <translation>Sie besteht aus Buchstaben, Ziffern, Punkten und Strichen.</translation>
    </message>
    <message>
        <source>Enter name=value in each line, in plain letters and digits. Keys go into the field for the API key, and the function ID has its own.</source>
        <translation>Geben Sie in jeder Zeile name=wert ein, in einfachen Buchstaben und Ziffern. Schlüssel gehören in das Feld für den API-Schlüssel, und die Funktions-ID hat ein eigenes.</translation>
    </message>
    <message>
        <source>This makes no sense here.</source>
        <translation>Das ergibt hier keinen Sinn.</translation>
    </message>
</context>
<context>
    <name>ServerKey</name>
    <message>
        <source>Remove the key</source>
        <translation>Schlüssel entfernen</translation>
    </message>
    <message>
        <source>Ask the keyring again</source>
        <translation>Schlüsselbund noch einmal fragen</translation>
    </message>
    <message>
        <source>Only until Captioner quits, not in the keyring</source>
        <translation>Nur bis Captioner beendet wird, nicht im Schlüsselbund</translation>
    </message>
    <message>
        <source>Set by {origin}.</source>
        <translation>Festgelegt durch {origin}.</translation>
    </message>
    <message>
        <source>Enter the host first: a key belongs to its server.</source>
        <translation>Geben Sie zuerst den Host ein: Ein Schlüssel gehört zu seinem Server.</translation>
    </message>
    <message>
        <source>Asking the keyring…</source>
        <translation>Der Schlüsselbund wird gefragt …</translation>
    </message>
    <message>
        <source>Kept until Captioner quits, and nowhere else.</source>
        <translation>Wird aufbewahrt, bis Captioner beendet wird, und sonst nirgends.</translation>
    </message>
    <message>
        <source>Stored in {backend}. Enter another key to replace it.</source>
        <translation>Gespeichert in {backend}. Geben Sie einen anderen Schlüssel ein, um ihn zu ersetzen.</translation>
    </message>
    <message>
        <source>This computer offers no keyring. A key is kept until Captioner quits, and nowhere else.</source>
        <translation>Dieser Computer bietet keinen Schlüsselbund. Ein Schlüssel wird aufbewahrt, bis Captioner beendet wird, und sonst nirgends.</translation>
    </message>
    <message>
        <source>No key is stored for {server}. Servers of your own often need none.</source>
        <translation>Für {server} ist kein Schlüssel gespeichert. Eigene Server brauchen oft keinen.</translation>
    </message>
    <message>
        <source>It is removed once you apply it.</source>
        <translation>Er wird entfernt, sobald Sie es übernehmen.</translation>
    </message>
    <message>
        <source>Once you apply it, it is kept until Captioner quits, and nowhere else.</source>
        <translation>Sobald Sie es übernehmen, wird er aufbewahrt, bis Captioner beendet wird, und sonst nirgends.</translation>
    </message>
    <message>
        <source>Once you apply it, it is stored in {backend}.</source>
        <translation>Sobald Sie es übernehmen, wird er in {backend} gespeichert.</translation>
    </message>
    <message>
        <source>The key for {server} holds characters that cannot be sent. Copy it once more; it consists of letters, digits and signs only.</source>
        <translation>Der Schlüssel für {server} enthält Zeichen, die nicht gesendet werden können. Kopieren Sie ihn noch einmal; er besteht nur aus Buchstaben, Ziffern und Zeichen.</translation>
    </message>
</context>
<context>
    <name>ServerList</name>
    <message>
        <source>A&amp;dd server</source>
        <translation>Server hin&amp;zufügen</translation>
    </message>
    <message>
        <source>&amp;Remove server</source>
        <translation>Server &amp;entfernen</translation>
    </message>
    <message>
        <source>Move &amp;up</source>
        <translation>Nach o&amp;ben</translation>
    </message>
    <message>
        <source>Move do&amp;wn</source>
        <translation>Nach &amp;unten</translation>
    </message>
</context>
<context>
    <name>ServerPage</name>
    <message>
        <source>Server</source>
        <translation>Server</translation>
    </message>
    <message>
        <source>Who recognises</source>
        <translation>Wer erkennt</translation>
    </message>
    <message>
        <source>&amp;Servers:</source>
        <translation>&amp;Server:</translation>
    </message>
    <message>
        <source>The first one that answers recognises. Audio goes to no server that is not listed. Without any, this computer does it itself.</source>
        <translation>Der erste, der antwortet, erkennt. Ton geht an keinen Server, der nicht in der Liste steht. Ohne Server erkennt dieser Computer selbst.</translation>
    </message>
    <message>
        <source>endpoint riva nim</source>
        <translation>spracherkennung riva nim</translation>
    </message>
    <message>
        <source>&amp;This computer takes over where no server answers</source>
        <translation>&amp;Dieser Computer springt ein, wenn kein Server antwortet</translation>
    </message>
    <message>
        <source>With the recogniser that is built in: English only, and nothing leaves this computer.</source>
        <translation>Mit der eingebauten Spracherkennung: nur Englisch, und nichts verlässt diesen Computer.</translation>
    </message>
    <message>
        <source>embedded engine fallback offline</source>
        <translation>eingebaut ersatz offline</translation>
    </message>
    <message>
        <source>The chosen server</source>
        <translation>Der gewählte Server</translation>
    </message>
    <message>
        <source>Special cases</source>
        <translation>Sonderfälle</translation>
    </message>
    <message>
        <source>Tries what is entered here, applied or not, and says what to mend. No audio is sent.</source>
        <translation>Probiert, was hier eingegeben ist, übernommen oder nicht, und sagt, was zu beheben ist. Es wird kein Ton gesendet.</translation>
    </message>
    <message>
        <source>check examine doctor</source>
        <translation>prüfen testen diagnose</translation>
    </message>
    <message>
        <source>What is asked for</source>
        <translation>Was verlangt wird</translation>
    </message>
    <message>
        <source>{server}, set by {origin}</source>
        <translation>{server}, festgelegt durch {origin}</translation>
    </message>
    <message>
        <source>For the first server, this goes before what is entered here: {origins}.</source>
        <translation>Für den ersten Server geht dies dem vor, was hier eingegeben ist: {origins}.</translation>
    </message>
    <message>
        <source>&amp;Fewer fields</source>
        <translation>&amp;Weniger Felder</translation>
    </message>
    <message>
        <source>More &amp;fields</source>
        <translation>&amp;Weitere Felder</translation>
    </message>
    <message>
        <source>What is entered makes no sense yet.</source>
        <translation>Was eingegeben ist, ergibt noch keinen Sinn.</translation>
    </message>
    <message>
        <source>Mend the fields that are marked.</source>
        <translation>Berichtigen Sie die Felder, die markiert sind.</translation>
    </message>
</context>
<context>
    <name>Sheet</name>
    <message>
        <source>{seconds} s</source>
        <translation>{seconds} s</translation>
    </message>
    <message>
        <source>{minutes} min {seconds} s</source>
        <translation>{minutes} min {seconds} s</translation>
    </message>
    <message>
        <source>{hours} h {minutes} min</source>
        <translation>{hours} h {minutes} min</translation>
    </message>
</context>
<context>
    <name>Shortcuts</name>
    <message>
        <source>&amp;Start or stop captions:</source>
        <translation>Untertitel &amp;starten oder stoppen:</translation>
    </message>
    <message>
        <source>&amp;Pause captions:</source>
        <translation>Untertitel an&amp;halten:</translation>
    </message>
    <message>
        <source>S&amp;how or hide captions:</source>
        <translation>Untertitel ein- oder a&amp;usblenden:</translation>
    </message>
    <message>
        <source>&amp;Move captions by keyboard:</source>
        <translation>Untertitel mit der Tastatur &amp;verschieben:</translation>
    </message>
    <message>
        <source>&amp;Let the mouse through:</source>
        <translation>&amp;Maus durchlassen:</translation>
    </message>
    <message>
        <source>Open the &amp;transcript:</source>
        <translation>Mitschri&amp;ft öffnen:</translation>
    </message>
    <message>
        <source>Another program has this key. Choose another one, or change it there.</source>
        <translation>Ein anderes Programm hat diese Taste. Wählen Sie eine andere, oder ändern Sie sie dort.</translation>
    </message>
    <message>
        <source>This key is not on your keyboard. Choose another one.</source>
        <translation>Diese Taste gibt es auf Ihrer Tastatur nicht. Wählen Sie eine andere.</translation>
    </message>
    <message>
        <source>This key does something else above already.</source>
        <translation>Diese Taste tut oben schon etwas anderes.</translation>
    </message>
    <message>
        <source>No other program would get this key any more. Hold Ctrl, Alt or the Windows key with it.</source>
        <translation>Kein anderes Programm bekäme diese Taste mehr. Halten Sie Strg, Alt oder die Windows-Taste dazu.</translation>
    </message>
    <message>
        <source>The display does not hand out keys. The log has the details.</source>
        <translation>Die Anzeige gibt keine Tasten her. Näheres steht im Protokoll.</translation>
    </message>
</context>
<context>
    <name>ShortcutsPage</name>
    <message>
        <source>Keys that work in every window</source>
        <translation>Tasten, die in jedem Fenster gelten</translation>
    </message>
    <message>
        <source>Keys and start</source>
        <translation>Tasten und Start</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Start</translation>
    </message>
    <message>
        <source>Start Captioner when I log &amp;in</source>
        <translation>Captioner starten, wenn ich mich &amp;anmelde</translation>
    </message>
    <message>
        <source>autostart login boot begin</source>
        <translation>Autostart Anmeldung Hochfahren Beginn</translation>
    </message>
    <message>
        <source>The start at login cannot be changed: {reason}.</source>
        <translation>Der Start bei der Anmeldung lässt sich nicht ändern: {reason}.</translation>
    </message>
    <message>
        <source>shortcut key hotkey global</source>
        <translation>Tastenkürzel Kurzbefehl Hotkey global</translation>
    </message>
    <message>
        <source>Go to a field and press the keys. Backspace takes a key away.</source>
        <translation>Gehen Sie in ein Feld und drücken Sie die Tasten. Die Rücktaste nimmt eine Taste weg.</translation>
    </message>
    <message>
        <source>Keys of the desktop</source>
        <translation>Tasten der Desktopumgebung</translation>
    </message>
    <message>
        <source>Commands for keys of the desktop</source>
        <translation>Befehle für Tasten der Desktopumgebung</translation>
    </message>
    <message>
        <source>The desktop can run a command at a key: enter one of these in its own settings, under Keyboard, Shortcuts.</source>
        <translation>Die Desktopumgebung kann auf eine Taste hin einen Befehl ausführen: Tragen Sie einen von diesen in deren Einstellungen ein, unter Tastatur, Tastenkürzel.</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
</context>
<context>
    <name>SourceMenu</name>
    <message>
        <source>Microphone</source>
        <translation>Mikrofon</translation>
    </message>
    <message>
        <source>System audio</source>
        <translation>Systemton</translation>
    </message>
    <message>
        <source>&amp;Microphone (default device)</source>
        <translation>&amp;Mikrofon (Standardgerät)</translation>
    </message>
    <message>
        <source>&amp;System audio (default device)</source>
        <translation>&amp;Systemton (Standardgerät)</translation>
    </message>
    <message>
        <source>&amp;Listen to</source>
        <translation>&amp;Quelle</translation>
    </message>
    <message>
        <source>&amp;Automatic</source>
        <translation>&amp;Automatisch</translation>
    </message>
    <message>
        <source>Microphone an&amp;d system audio</source>
        <translation>Mikrofon &amp;und Systemton</translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>Status</source>
        <translation>Status</translation>
    </message>
</context>
<context>
    <name>StatusPopover</name>
    <message>
        <source>Captioner status</source>
        <translation>Zustand von Captioner</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>&amp;Kopieren</translation>
    </message>
    <message>
        <source>C&amp;lose</source>
        <translation>Sch&amp;ließen</translation>
    </message>
    <message>
        <source>&amp;Hear {device}</source>
        <translation>{device} hö&amp;ren</translation>
    </message>
    <message>
        <source>Choose what is &amp;heard…</source>
        <translation>&amp;Tonquelle wählen …</translation>
    </message>
    <message>
        <source>Se&amp;ttings…</source>
        <translation>&amp;Einstellungen …</translation>
    </message>
    <message>
        <source>&amp;Start captions</source>
        <translation>Untertitel &amp;starten</translation>
    </message>
    <message>
        <source>&amp;Stop captions</source>
        <translation>Untertitel &amp;stoppen</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
</context>
<context>
    <name>TranscriptFormat</name>
    <message>
        <source>Text</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>Markdown</source>
        <translation>Markdown</translation>
    </message>
    <message>
        <source>CSV table</source>
        <translation>CSV-Tabelle</translation>
    </message>
    <message>
        <source>SubRip subtitles</source>
        <translation>SubRip-Untertitel</translation>
    </message>
    <message>
        <source>WebVTT subtitles</source>
        <translation>WebVTT-Untertitel</translation>
    </message>
    <message>
        <source>JSON</source>
        <translation>JSON</translation>
    </message>
</context>
<context>
    <name>TranscriptLine</name>
    <message>
        <source>— Captions started on {date} at {time} —</source>
        <translation>— Untertitel gestartet am {date} um {time} —</translation>
    </message>
</context>
<context>
    <name>TranscriptView</name>
    <message>
        <source>Transcript</source>
        <translation>Mitschrift</translation>
    </message>
</context>
<context>
    <name>TranscriptWindow</name>
    <message>
        <source>Captioner transcript</source>
        <translation>Captioner-Mitschrift</translation>
    </message>
    <message>
        <source>Show &amp;times</source>
        <translation>&amp;Zeiten anzeigen</translation>
    </message>
    <message>
        <source>&amp;Read new captions aloud</source>
        <translation>Neue &amp;Untertitel vorlesen</translation>
    </message>
    <message>
        <source>A screen reader says each caption that will not change any more</source>
        <translation>Ein Bildschirmleser spricht jeden Untertitel, der sich nicht mehr ändert</translation>
    </message>
    <message>
        <source>MOCK ENGINE: words of this transcript are scripted</source>
        <translation>ATTRAPPE: Wörter dieser Mitschrift standen vorher fest</translation>
    </message>
    <message>
        <source>Go to the ne&amp;west</source>
        <translation>Zum Neu&amp;esten</translation>
    </message>
    <message>
        <source>&amp;Copy all</source>
        <translation>Alles &amp;kopieren</translation>
    </message>
    <message>
        <source>C&amp;lose</source>
        <translation>Sch&amp;ließen</translation>
    </message>
    <message>
        <source>Sp&amp;eaker:</source>
        <translation>S&amp;precher:</translation>
    </message>
    <message>
        <source>Everybody</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
    <message>
        <source>There are no captions to copy yet</source>
        <translation>Es gibt noch keine Untertitel zu kopieren</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
</context>
<context>
    <name>TrendColumn</name>
    <message>
        <source>The last 10 minutes</source>
        <translation>Die letzten 10 Minuten</translation>
    </message>
    <message>
        <source>10 minutes ago</source>
        <translation>vor 10 Minuten</translation>
    </message>
    <message>
        <source>now</source>
        <translation>jetzt</translation>
    </message>
    <message>
        <source>at most {most} s</source>
        <translation>höchstens {most} s</translation>
    </message>
</context>
<context>
    <name>Trends</name>
    <message>
        <source>Level</source>
        <translation>Pegel</translation>
    </message>
    <message>
        <source>Delay of captions</source>
        <translation>Verzögerung der Untertitel</translation>
    </message>
    <message>
        <source>Behind</source>
        <translation>Rückstand</translation>
    </message>
    <message>
        <source>Lost audio</source>
        <translation>Verlorener Ton</translation>
    </message>
    <message>
        <source>No caption</source>
        <translation>Keine Untertitel</translation>
    </message>
    <message>
        <source>{seconds} s in all</source>
        <translation>{seconds} s insgesamt</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keiner</translation>
    </message>
    <message>
        <source>Silent</source>
        <translation>Still</translation>
    </message>
    <message>
        <source>at most {level} dB</source>
        <translation>höchstens {level} dB</translation>
    </message>
    <message>
        <source>Not at all</source>
        <translation>Keiner</translation>
    </message>
</context>
<context>
    <name>Welcome</name>
    <message>
        <source>Welcome to Captioner</source>
        <translation>Willkommen bei Captioner</translation>
    </message>
    <message>
        <source>S&amp;kip (Esc)</source>
        <translation>Ü&amp;berspringen (Esc)</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>All of this can be changed later in the settings.</source>
        <translation>All das lässt sich später in den Einstellungen ändern.</translation>
    </message>
    <message>
        <source>Step {number} of {count}</source>
        <translation>Schritt {number} von {count}</translation>
    </message>
    <message>
        <source>&amp;Finish</source>
        <translation>&amp;Fertig</translation>
    </message>
    <message>
        <source>&amp;Next</source>
        <translation>&amp;Weiter</translation>
    </message>
</context>
<context>
    <name>WindowPage</name>
    <message>
        <source>Window</source>
        <translation>Fenster</translation>
    </message>
    <message>
        <source>Place of the captions</source>
        <translation>Ort der Untertitel</translation>
    </message>
    <message>
        <source>Where you move it</source>
        <translation>Wohin Sie es bewegen</translation>
    </message>
    <message>
        <source>Top of the screen</source>
        <translation>Oben auf dem Bildschirm</translation>
    </message>
    <message>
        <source>Bottom of the screen</source>
        <translation>Unten auf dem Bildschirm</translation>
    </message>
    <message>
        <source>Whole screen</source>
        <translation>Ganzer Bildschirm</translation>
    </message>
    <message>
        <source>&amp;Place:</source>
        <translation>&amp;Ort:</translation>
    </message>
    <message>
        <source>Move it with the mouse, or choose “Arrange captions” in the menu and use the arrow keys.</source>
        <translation>Bewegen Sie es mit der Maus, oder wählen Sie im Menü „Untertitel anordnen“ und benutzen Sie die Pfeiltasten.</translation>
    </message>
    <message>
        <source>dock position fullscreen edge</source>
        <translation>andocken Position Vollbild Rand</translation>
    </message>
    <message>
        <source>&amp;Screen:</source>
        <translation>&amp;Bildschirm:</translation>
    </message>
    <message>
        <source>monitor display</source>
        <translation>Monitor Anzeige</translation>
    </message>
    <message>
        <source>Other programs</source>
        <translation>Andere Programme</translation>
    </message>
    <message>
        <source>The &amp;mouse reaches what is behind the captions</source>
        <translation>Die &amp;Maus erreicht, was hinter den Untertiteln ist</translation>
    </message>
    <message>
        <source>Captions then take no click. The menu of the tray icon and these settings switch it off again.</source>
        <translation>Die Untertitel nehmen dann keinen Klick an. Das Menü im Infobereich und diese Einstellungen schalten es wieder aus.</translation>
    </message>
    <message>
        <source>click-through transparent</source>
        <translation>durchklicken durchlässig</translation>
    </message>
    <message>
        <source>Leave captions out of screen &amp;captures</source>
        <translation>Untertitel aus Bildschirm&amp;aufnahmen heraushalten</translation>
    </message>
    <message>
        <source>screenshot sharing recording</source>
        <translation>Bildschirmfoto teilen Aufzeichnung</translation>
    </message>
    <message>
        <source>All windows of Captioner</source>
        <translation>Alle Fenster von Captioner</translation>
    </message>
    <message>
        <source>Language of the system</source>
        <translation>Sprache des Systems</translation>
    </message>
    <message>
        <source>&amp;Language:</source>
        <translation>&amp;Sprache:</translation>
    </message>
    <message>
        <source>Of menus and settings, from the next start on. What is spoken has a setting of its own on the page Server.</source>
        <translation>Der Menüs und Einstellungen, ab dem nächsten Start. Was gesprochen wird, hat eine eigene Einstellung auf der Seite „Server“.</translation>
    </message>
    <message>
        <source>Where the captions are</source>
        <translation>Wo die Untertitel sind</translation>
    </message>
    <message>
        <source>{screen} (not connected)</source>
        <translation>{screen} (nicht angeschlossen)</translation>
    </message>
</context>
<context>
    <name>WordTable</name>
    <message>
        <source>Row {number}: {problem}.</source>
        <translation>Zeile {number}: {problem}.</translation>
    </message>
</context>
<context>
    <name>WordsPage</name>
    <message>
        <source>Words</source>
        <translation>Wörter</translation>
    </message>
    <message>
        <source>In use</source>
        <translation>In Gebrauch</translation>
    </message>
    <message>
        <source>&amp;Vocabulary:</source>
        <translation>&amp;Wortschatz:</translation>
    </message>
    <message>
        <source>Its words count in addition to those for all talks.</source>
        <translation>Seine Wörter gelten zusätzlich zu denen für alle Gespräche.</translation>
    </message>
    <message>
        <source>profile topic meeting</source>
        <translation>Profil Thema Besprechung</translation>
    </message>
    <message>
        <source>Vocabularies</source>
        <translation>Wortschätze</translation>
    </message>
    <message>
        <source>Vocabulary to &amp;edit:</source>
        <translation>&amp;Bearbeitet wird:</translation>
    </message>
    <message>
        <source>The words for all talks, or those for one kind of talk only.</source>
        <translation>Die Wörter für alle Gespräche oder die für eine Art von Gespräch.</translation>
    </message>
    <message>
        <source>&amp;Name:</source>
        <translation>&amp;Name:</translation>
    </message>
    <message>
        <source>Ne&amp;w vocabulary</source>
        <translation>Neuer Wort&amp;schatz</translation>
    </message>
    <message>
        <source>De&amp;lete vocabulary</source>
        <translation>Wortschatz &amp;löschen</translation>
    </message>
    <message>
        <source>Words to expect</source>
        <translation>Wörter, die zu erwarten sind</translation>
    </message>
    <message>
        <source>Word or phrase</source>
        <translation>Wort oder Ausdruck</translation>
    </message>
    <message>
        <source>Boost</source>
        <translation>Gewicht</translation>
    </message>
    <message>
        <source>&amp;Add phrase</source>
        <translation>Aus&amp;druck hinzufügen</translation>
    </message>
    <message>
        <source>&amp;Remove phrase</source>
        <translation>Ausdruck ent&amp;fernen</translation>
    </message>
    <message>
        <source>Words to write otherwise</source>
        <translation>Wörter, die anders geschrieben werden</translation>
    </message>
    <message>
        <source>Recognised as</source>
        <translation>Erkannt als</translation>
    </message>
    <message>
        <source>Shown as</source>
        <translation>Gezeigt als</translation>
    </message>
    <message>
        <source>Add re&amp;placement</source>
        <translation>&amp;Ersetzung hinzufügen</translation>
    </message>
    <message>
        <source>Remove repla&amp;cement</source>
        <translation>E&amp;rsetzung entfernen</translation>
    </message>
    <message>
        <source>Names and terms that the server shall expect; a higher boost makes it more likely. Servers differ in their scale: up to 20, or 20 to 100. The embedded engine does not do this.</source>
        <translation>Namen und Begriffe, die der Server erwarten soll; ein höheres Gewicht macht sie wahrscheinlicher. Server haben verschiedene Skalen: bis 20 oder 20 bis 100. Die eingebaute Spracherkennung tut das nicht.</translation>
    </message>
    <message>
        <source>boosting hints names terms</source>
        <translation>Gewichtung Hinweise Namen Begriffe</translation>
    </message>
    <message>
        <source>What the recogniser gets wrong again and again. Whole words are replaced; nothing in the second column leaves them out.</source>
        <translation>Was die Spracherkennung immer wieder falsch versteht. Ganze Wörter werden ersetzt; steht in der zweiten Spalte nichts, fallen sie weg.</translation>
    </message>
    <message>
        <source>correct spelling wrong autocorrect</source>
        <translation>Korrektur Schreibweise falsch</translation>
    </message>
    <message>
        <source>No vocabulary</source>
        <translation>Kein Wortschatz</translation>
    </message>
    <message>
        <source>{name} (not there)</source>
        <translation>{name} (nicht vorhanden)</translation>
    </message>
    <message>
        <source>All talks</source>
        <translation>Alle Gespräche</translation>
    </message>
    <message>
        <source>(without a name)</source>
        <translation>(ohne Namen)</translation>
    </message>
    <message>
        <source>New vocabulary</source>
        <translation>Neuer Wortschatz</translation>
    </message>
</context>
</TS>
